"""What a broker means by its codes, in words: what is wrong, and what to do about it. Pure."""

_CREDENTIALS = "check username and password_file, and what the broker allows this client_id"
_OTHERS = "look at the broker's log"

_REFUSED = {
    0x81: ("it calls our words malformed", _OTHERS),
    0x82: ("it calls our words a protocol error", _OTHERS),
    0x84: ("it does not speak this protocol version", "try the other 'protocol'"),
    0x85: ("it does not accept this client_id", "choose another client_id"),
    0x86: ("user name or password are wrong", _CREDENTIALS),
    0x87: ("not authorised", _CREDENTIALS),
    0x88: ("it is not available", _OTHERS),
    0x89: ("it is busy", _OTHERS),
    0x8A: ("this client is banned", "ask who runs the broker"),
    0x8C: ("it wants another way to authenticate", "user name and password, or a certificate, are what there is"),
    0x90: ("it does not accept the topic of the last will", "choose another status_topic"),
    0x97: ("a quota is exceeded", _OTHERS),
    0x9A: ("it keeps no retained messages", 'write status_topic = ""'),
    0x9B: ("it does not offer the quality of service of the last will", 'write status_topic = ""'),
    0x9C: ("it says to use another server", "give that one as 'host'"),
    0x9D: ("it has moved to another server", "give that one as 'host'"),
    0x9F: ("connections come too often", _OTHERS),
}
# MQTT 3.1.1 has numbers of its own for the same.
_REFUSED_311 = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}

_ENDED = {
    0x00: ("the broker has ended the connection", _OTHERS),
    0x81: ("the broker calls our words malformed", _OTHERS),
    0x82: ("the broker calls our words a protocol error", _OTHERS),
    0x87: ("the broker does not authorise this any more", _CREDENTIALS),
    0x89: ("the broker is busy", _OTHERS),
    0x8B: ("the broker shuts down", "wait until it is back"),
    0x8D: ("the broker heard nothing from us for too long", "look at network and load, or raise 'keepalive'"),
    0x8E: ("another client has taken over the session", "give each collector a client_id of its own"),
    0x93: ("the broker says that too many messages are open", _OTHERS),
    0x96: ("the broker says that messages come too often", _OTHERS),
    0x97: ("a quota of the broker is exceeded", _OTHERS),
    0x98: ("somebody who runs the broker has ended the connection", _OTHERS),
    0x9C: ("the broker says to use another server", "give that one as 'host'"),
    0x9D: ("the broker has moved to another server", "give that one as 'host'"),
    0x9E: ("the broker offers no shared subscriptions", "remove 'share'"),
    0xA1: ("the broker offers no subscription identifiers", _OTHERS),
    0xA2: ("the broker offers no wildcards in subscriptions", "give a broker that does"),
}

_NOT_SUBSCRIBED = {
    0x8F: ("it does not accept this topic", "check the layout's topics"),
    0x97: ("a quota is exceeded", _OTHERS),
    0x9E: ("it offers no shared subscriptions", "remove 'share'"),
    0xA2: ("it offers no wildcards in subscriptions", "give a broker that does"),
}

FAILED = 0x80
"""This code and those above it say no."""


def refused(code: int, *, is_5: bool) -> str:
    """Return why a broker does not let us in."""
    code = code if is_5 else _REFUSED_311.get(code, code)
    what, remedy = _REFUSED.get(code, (f"code 0x{code:02X}", _OTHERS))
    return f"the broker refuses: {what}; {remedy}"


def ended(code: int) -> str:
    """Return why a broker has ended a connection."""
    what, remedy = _ENDED.get(code, (f"the broker has ended the connection (code 0x{code:02X})", _OTHERS))
    return f"{what}; {remedy}"


def not_subscribed(code: int) -> str:
    """Return why a broker refuses a subscription."""
    what, remedy = _NOT_SUBSCRIBED.get(code, ("", "check the broker's ACL"))
    return f"refused{f': {what}' if what else ''}; {remedy}"
