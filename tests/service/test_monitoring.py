"""What the service says of itself: metrics while it prints, health when something is missing, log lines."""

import json
import logging
import os
import signal
import time
import urllib.error
import urllib.request

from service import logs
from tests.faults.test_node_processes import nodes
from tests.serving import Serving, film_pixels, free_port, scu

PATIENCE_S = 60.0


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def value(text: str, sample: str) -> float:
    lines = [line for line in text.splitlines() if line.startswith(sample + " ")]
    assert len(lines) == 1, (sample, text)
    return float(lines[0].rpartition(" ")[2])


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_numbers_and_health_of_a_service_of_several_processes(tmp_path):
    port = free_port()
    told = {"PRINTMGR_MONITORING": f'{{"port": {port}}}', "PRINTMGR_LOG": '{"format": "json"}'}
    dicom = {"PRINTMGR_DICOM": '{"port": 0, "open": true, "processes": 2}'}
    with Serving(tmp_path / "data", told | dicom) as service:
        status, text = ask(port, "/healthz")
        assert status == 200, text
        assert {"node", "database", "disk", "worker", "node 0", "node 1", "worker 0"} == set(json.loads(text))
        with scu(service.port, calling_ae="CT1") as modality, scu(service.port, called_ae="NOBODY"):
            assert modality.open_session() == 0
            assert [modality.print_film(film_pixels(number)) for number in range(3)] == [0, 0, 0]
            text = ask(port, "/metrics")[1]
            assert value(text, 'printmgr_associations{partner="(not listed)"}') == 1
        assert value(text, 'printmgr_message_seconds_count{service="N_SET"}') == 3
        assert value(text, 'printmgr_received_bytes_total{service="N_SET"}') > 3 * 64 * 48
        assert value(text, 'printmgr_refusals_total{reason="called AE title unknown"}') == 1
        assert value(text, "printmgr_disk_free_bytes") > 0

        def done() -> bool:
            found = ask(port, "/metrics")[1]
            return 'printmgr_jobs{kind="film",state="done"} 3.0' in found and (
                value(found, 'printmgr_queue_length{kind="film"}') == 0
            )

        until(done)
        assert value(ask(port, "/metrics")[1], 'printmgr_associations{partner="(not listed)"}') == 0
        victim = nodes(service)[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in nodes(service).values() and len(nodes(service)) == 2)
        until(lambda: ask(port, "/healthz")[0] == 200)
        assert value(ask(port, "/metrics")[1], 'printmgr_message_seconds_count{service="N_SET"}') == 3, "counts stay"
        assert ask(port, "/else")[0] == 404
        lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    assert {"event", "level", "logger", "timestamp", "process"} <= set(lines[0])
    assert any("listening on" in line["event"] for line in lines)
    assert any("refused 1: called AE title unknown" in line["event"] for line in lines)


def test_a_service_that_cannot_take_films_is_not_well(tmp_path):
    port = free_port()
    told = {
        "PRINTMGR_MONITORING": f'{{"port": {port}}}',
        "PRINTMGR_DICOM": '{"port": 0, "open": true, "min_free_bytes": 1000000000000000}',
    }
    with Serving(tmp_path / "data", told) as service:
        status, text = ask(port, "/healthz")
        found = json.loads(text)
        assert (status, found["disk"]["ok"], found["node"]["ok"]) == (503, False, True), text
        (pid,) = nodes(service).values()
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(1.1)
            status, text = ask(port, "/healthz")
            assert status == 503 and not json.loads(text)["node"]["ok"], "a node that hangs is found out"
        finally:
            os.kill(pid, signal.SIGCONT)


def lines_of(form: str, message: str, *args: object) -> str:
    record = logging.LogRecord("node", logging.WARNING, __file__, 1, message, args, None)
    return logs.formatter(form).format(record)


def test_nothing_from_outside_begins_a_line_of_its_own():
    for hostile in ("a\nERROR forged", "b\r\x1b[31mred", "c\u2028\u202e", "d\x00\x7f"):
        text = lines_of("text", "refused %s", hostile)
        assert text.isprintable() and len(text.splitlines()) == 1
        line = lines_of("json", "refused %s", hostile)
        assert line.isascii() and line.isprintable()
        assert json.loads(line)["event"] == f"refused {hostile}"


def test_an_exception_is_in_the_log_whole():
    try:
        raise ValueError("x\ny")
    except ValueError as error:
        record = logging.LogRecord("n", logging.ERROR, __file__, 1, "failed", (), (type(error), error, None))
    text = logs.formatter("text").format(record)
    assert "n: failed" in text.splitlines()[0] and "ValueError: x" in text
    record.exc_info = (ValueError, ValueError("z"), None)
    assert "ValueError: z" in json.loads(logs.formatter("json").format(record))["exception"]
