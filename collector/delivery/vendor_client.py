"""InfluxDB 2 and 3, and what has their write API, through the vendor's client. The only importer of influxdb_client.

Used as a transport only: its batching drops data on 4xx answers and after its retries, so batching, retrying and
back-pressure are the project's own.
"""

import ssl
from collections.abc import Mapping
from typing import Any

from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from collector.delivery.exchange import Answer, Session


class Influx2Exchange:
    """Asks an InfluxDB 2 or 3.

    Parameters
    ----------
    token
        Empty: what says who asks stands in ``headers``, or nobody asks for it.
    headers
        What goes with each request.
    """

    def __init__(
        self,
        url: str,
        org: str,
        bucket: str,
        headers: Mapping[str, str],
        *,
        token: str,
        timeout_s: float,
        tls: ssl.SSLContext,
        server_name: str,
        proxy: str | None,
    ) -> None:
        self._org = org
        self._bucket = bucket
        self._client = InfluxDBClientAsync(
            url=url,
            token=token,
            org=org,
            timeout=int(timeout_s * 1000),
            allow_redirects=False,
            ssl_context=tls,
            proxy=proxy,
            client_session_type=Session,
            client_session_kwargs={"server_name": server_name},
        )
        self._client.api_client.default_headers.update(headers)

    async def write(self, body: bytes) -> Answer:
        """Write line protocol with times in ns, gzip-compressed."""
        service = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]
        return await self._answer(
            service.post_write_async(  # type: ignore[no-untyped-call]
                org=self._org,
                bucket=self._bucket,
                body=body,
                precision="ns",
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
                async_req=False,
                _return_http_data_only=False,
            )
        )

    async def call(
        self, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: object
    ) -> Answer:
        """Send any other request."""
        return await self._answer(
            self._client.api_client.call_api(  # type: ignore[no-untyped-call]
                path,
                method,
                {},
                query,
                dict(headers),
                body=body,
                post_params=[],
                files={},
                response_type=None,
                auth_settings=[],
                async_req=False,
                _return_http_data_only=False,
                collection_formats={},
            )
        )

    async def _answer(self, request: Any) -> Answer:  # noqa: ANN401 - the client's calls are untyped
        try:
            _, status, headers = await request
        except ApiException as exc:  # any answer but one of success
            said = exc.body or b""
            return Answer(exc.status, exc.reason or "", exc.headers or {}, said)
        return Answer(status, "", headers, self._client.api_client.last_response.data)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()  # type: ignore[no-untyped-call]
