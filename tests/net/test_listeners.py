"""Where it is read who listens."""

from pathlib import Path

from notifyctl.net import listeners

UNITS = Path(__file__).parents[2] / "docs" / "deploy" / "systemd"


def test_the_tables_are_there_where_a_unit_hides_all_but_processes():
    assert any("ProcSubset=pid" in unit.read_text() for unit in UNITS.glob("*.service"))
    assert {table.parts[2] for table in listeners._TABLES} == {"self"}
