"""A DNS server of tests: TXT records of a table, over UDP on loopback; other names do not exist."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from dns import flags, message, rcode, rdatatype, rrset

Zone = Mapping[str, Sequence[str]]


@contextmanager
def serving_names(zone: Zone) -> Iterator[tuple[str, int]]:
    """The address of a server with these records; `["?"]` stands for those that the server cannot tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(sock, zone))
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            sock.sendto(b"", sock.getsockname())  # nothing is what ends it
            thread.join(10)


def _answer(sock: socket.socket, zone: Zone) -> None:
    while (received := sock.recvfrom(4096))[0]:
        question = message.from_wire(received[0])
        reply = message.make_response(question)
        reply.flags |= flags.AA
        name = question.question[0].name
        texts = zone.get(name.to_text(omit_final_dot=True).lower())
        if texts == ["?"]:
            reply.set_rcode(rcode.SERVFAIL)
        elif texts is None:
            reply.set_rcode(rcode.NXDOMAIN)
        elif texts:
            rows = [" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in texts]
            reply.answer.append(rrset.from_text(name, 60, "IN", rdatatype.to_text(rdatatype.TXT), *rows))
        sock.sendto(reply.to_wire(), received[1])
