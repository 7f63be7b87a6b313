"""Which test files are begun first: the long ones, so that none of them is left to a single worker at the end."""

from collections.abc import Mapping
from types import MappingProxyType

SECONDS: Mapping[str, int] = MappingProxyType(
    {
        "test_pain_08_the_consumer_stops_silently.py": 66,
        "test_pain_06_the_disk_queue_corrupts_sticks_or_grows.py": 50,
        "test_install.py": 45,
        "test_mqtt_connection.py": 42,
        "test_end_to_end.py": 38,
        "test_divided_plant.py": 36,
        "test_pain_15_reload_drops_buffers.py": 36,
        "test_outage_in_small.py": 36,
        "test_anode_effect_day.py": 32,
        "test_simulated_month.py": 32,
        "test_dashboards.py": 32,
        "test_pain_20_cpu_and_memory_blow_up.py": 30,
        "test_readme.py": 28,
        "test_random_kills_in_small.py": 28,
        "test_pain_01_one_dead_device_starves_all_others.py": 26,
        "test_transports_end_to_end.py": 25,
        "test_page_in_browser.py": 25,
        "test_soak_in_small.py": 25,
        "test_watchdog.py": 24,
        "test_orderly_stop_in_five_seconds.py": 24,
        "test_mqtt_subscriber.py": 24,
        "test_memory_in_small.py": 22,
        "test_alerts_end_to_end.py": 22,
        "test_pain_05_outage_or_restart_loses_data.py": 20,
        "test_told_grid_factor.py": 20,
        "test_reloading.py": 20,
        "test_mqtt_pains.py": 19,
        "test_a_broker_node_dies.py": 19,
        "test_balance_of_a_line.py": 17,
        "test_pain_14_energy_in_the_wrong_hour.py": 13,
        "test_pain_02_no_recovery_after_a_gateway_restart.py": 13,
        "test_settings_corrupted.py": 12,
        "test_restate_windows.py": 10,
        "test_pain_22_sparkplug_state_lost.py": 10,
        "test_pain_19_unusable_messages_stop_the_consumer.py": 10,
    }
)
"""About how long a file takes on two cores [s]; those that are not named take less than ten."""


def weight(file: str) -> int:
    """Return about how long a file takes [s], 0 for a short one."""
    return SECONDS.get(file, 0)
