"""A console may name its instances as it likes: UIDs longer than the standard's 64 characters are taken."""

import pytest

from benchmarks.node_client import FILM_BOX, FILM_SESSION, PrintClient, film_request, image_request
from tests.serving import Serving


@pytest.mark.parametrize("length", [64, 65, 200])
def test_a_film_with_long_uids_is_printed(tmp_path, length):
    session, film = (f"1.2.{number}.".ljust(length, "3") for number in (1, 2))
    with Serving(tmp_path / "data") as serving:
        client = PrintClient(("127.0.0.1", serving.port), "PRINTMGR")
        create = {"CommandField": 0x0140, "AffectedSOPClassUID": FILM_SESSION, "AffectedSOPInstanceUID": session}
        client.ask(create)
        assert client.last["AffectedSOPInstanceUID"] == session
        create = {"CommandField": 0x0140, "AffectedSOPClassUID": FILM_BOX, "AffectedSOPInstanceUID": film}
        client.ask(create, client.framed(film_request(session, "STANDARD\\1,1")))
        assert client.last["AffectedSOPInstanceUID"] == film
        client.print_film(film)
        assert client.last["Status"] == 0xB603
        _, (box,) = client.create_film(film_request(session, "STANDARD\\1,1"))
        client.set_image(box, client.framed(image_request(1, 64, 64, 8)))
        client.release()
