"""Which addresses are the open internet's, and which lead inside the house; who may connect where is left to `workers.notifiers.guard`."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

_INSIDE_V4 = tuple(ip_network(one) for one in ("192.0.0.0/24", "168.63.129.16/32"))
"""Said to be public, and yet answered by the cloud that a machine runs in."""
_PUBLIC_V6 = IPv6Network("2000::/3")
_TRANSLATED_V6 = IPv6Network("64:ff9b::/96")
"""IPv4 as networks without any see it: its last 32 bits."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one of the open internet; one that wraps another is judged by what it wraps."""
    if isinstance(address, IPv4Address):
        inside = address.is_multicast or address.is_reserved or any(address in one for one in _INSIDE_V4)
        return address.is_global and not inside
    if address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address in _TRANSLATED_V6:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _PUBLIC_V6 and address.is_global and not address.sixtofour and not address.teredo
