"""Where the mail of a domain goes, asked when somebody signs up: mistyped domains are noticed, and blocked mail hosts.

Only the name servers of this machine are asked. Where they cannot say just now, nobody is refused for it.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence

import structlog

from potluck.federation.addresses import AddressPolicy
from potluck.federation.resolving import AddressRefused, CheckedResolver
from potluck.social.accounts.signup import Unreachable

log = structlog.get_logger(__name__)

_SECONDS = 5.0
_MOST = 5
Ask = Callable[[str], Awaitable[list[str] | None]]
_NULL = ""  # a single MX record of "." says that the domain takes no mail (RFC 7505)


class MailHosts:
    """Finds the hosts of domains. Those that lie at no public address take no mail.

    Args:
        policy: judges their addresses.
        ask: for the MX records of a domain; None when nobody can say just now.
    """

    def __init__(self, policy: AddressPolicy, ask: Ask | None = None) -> None:
        self._resolver = CheckedResolver(policy, timeout=_SECONDS, threads=2)
        self._ask = ask or ask_name_servers

    async def close(self) -> None:
        """End the threads that look addresses up."""
        await self._resolver.close()

    async def of(self, domain: str) -> Sequence[str]:
        """The hosts that take mail for a domain, none if nobody can say just now.

        Raises:
            Unreachable: no mail can be delivered there.
        """
        names = await self._ask(domain)
        if names is None:
            return []
        names = names or [domain]  # without MX records mail goes to the domain itself (RFC 5321, section 5.1)
        for name in names[:_MOST]:
            if name != _NULL and await self._exists(name):
                return [found for found in names if found != _NULL]
        raise Unreachable

    async def _exists(self, name: str) -> bool:
        try:
            return bool(await self._resolver.resolve(name))
        except AddressRefused:
            return False
        except OSError as error:  # it does not resolve; or nobody could say
            return isinstance(error.__cause__, TimeoutError) or error.errno == socket.EAI_AGAIN


async def ask_name_servers(domain: str) -> list[str] | None:
    """The MX records of a domain, most wanted first.

    Raises:
        Unreachable: there is no such domain.
    """
    from dns import asyncresolver, exception, resolver  # 2 MiB, for those who sign up

    try:
        answer = await asyncresolver.resolve(domain, "MX", lifetime=_SECONDS)
    except resolver.NXDOMAIN as error:
        raise Unreachable from error
    except resolver.NoAnswer:
        return []
    except (exception.DNSException, OSError, ValueError, UnicodeError) as error:
        log.info("mail_hosts_unknown", domain=domain, error=str(error)[:200])
        return None
    found = sorted(answer, key=lambda record: int(record.preference))
    return [record.exchange.to_text(omit_final_dot=True).lower().rstrip(".") for record in found]
