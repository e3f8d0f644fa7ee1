"""The simulated marketplace: the same bytes always, calibrated, and with the faults that real exports have."""

import csv
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from mission_cli.demo.simulate import Counts, Marketplace, simulate

REPOSITORY = Path(__file__).parents[2]
DEFAULT = Marketplace()
SMALL = Marketplace(days=3, suppliers=80, orders_per_day=400)
SAIGON = timedelta(hours=7)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
KEYS = {"orders": "order_id", "offers": "offer_id"}
STATES = {"orders": "status", "offers": "response"}
TIMES = {"orders": "final_at", "offers": "closed_at"}
OPTIONAL = {"supplier_id", "canceled_by", "final_at", "Fare (VND)", "Discount (VND)"}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Exports:
    """The default marketplace's files, read once: rows per source and day, sound and broken apart."""

    root: Path
    counts: Counts
    days_told: list[date]
    sound: dict[str, dict[date, list[Row]]]
    broken: dict[str, dict[date, list[list[str]]]]
    versions: dict[str, dict[str, list[Row]]]  # distinct versions of each key, oldest first

    def rows(self, source: str) -> Iterator[Row]:
        for rows in self.sound[source].values():
            yield from rows

    def newest(self, source: str) -> list[Row]:
        return [found[-1] for found in self.versions[source].values()]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    root = tmp_path_factory.mktemp("exports")
    told: list[date] = []
    counts = simulate(root, DEFAULT, on_day=told.append)
    sound: dict[str, dict[date, list[Row]]] = {"orders": {}, "offers": {}}
    broken: dict[str, dict[date, list[list[str]]]] = {"orders": {}, "offers": {}}
    for source in ("orders", "offers"):
        for day in DEFAULT.calendar():
            sound[source][day], broken[source][day] = read(root / source / f"{source}_{day}.csv", source)
    versions = {source: by_key(source, days.values()) for source, days in sound.items()}
    return Exports(root, counts, told, sound, broken, versions)


def read(path: Path, source: str) -> tuple[list[Row], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *records = csv.reader(file)
    sound, broken = [], []
    for record in records:
        if is_broken(record, header, source):
            broken.append(record)
        else:
            sound.append(dict(zip(header, record, strict=True)))
    return sound, broken


def by_key(source: str, files: Iterable[list[Row]]) -> dict[str, list[Row]]:
    versions: dict[str, dict[str, Row]] = defaultdict(dict)
    for rows in files:
        for row in rows:
            versions[row[KEYS[source]]][row["updated_at"]] = row
    return {key: [found[at] for at in sorted(found)] for key, found in versions.items()}


def is_broken(record: list[str], header: list[str], source: str) -> bool:
    if len(record) != len(header):
        return True
    row = dict(zip(header, record, strict=True))
    state = row[STATES[source]]
    return (
        state not in {"CREATED", "COMPLETED", "CANCELED", "SENT", "ACCEPTED", "IGNORED", "REJECTED"}
        or (state not in {"CREATED", "SENT"} and not row[TIMES[source]])
        or "02-30" in record[header.index("created_at" if source == "orders" else "sent_at")]
        or "x" in row.get("Fare (VND)", "")
        or not row["order_id"]
        or (source == "offers" and not (row["offer_id"] and row["supplier_id"]))
    )


def local_day(instant: str) -> date:
    return (datetime.fromisoformat(instant) + SAIGON).date()


def share(part: int, whole: int) -> float:
    return part / whole


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.csv"))}


# ---------------------------------------------------------------- the same bytes


def test_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    simulate(tmp_path / "one", SMALL, threads=1)
    simulate(tmp_path / "two", SMALL, threads=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) == 7


def test_another_seed_gives_another_marketplace(tmp_path: Path) -> None:
    simulate(tmp_path / "one", Marketplace(days=1, suppliers=20, orders_per_day=50))
    simulate(tmp_path / "two", Marketplace(seed=2, days=1, suppliers=20, orders_per_day=50))
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.keys() == two.keys()
    assert all(one[name] != two[name] for name in one)


@pytest.mark.parametrize(
    ("name", "value"),
    [("days", 0), ("suppliers", 0), ("orders_per_day", 0), ("broken_share", 0.01), ("broken_share", -0.1)],
)
def test_impossible_marketplaces_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        replace(DEFAULT, **{name: value})  # type: ignore[arg-type]


def test_the_smallest_marketplace(tmp_path: Path) -> None:
    counts = simulate(tmp_path, Marketplace(days=1, suppliers=1, orders_per_day=1))
    assert (counts.files, counts.orders) == (3, 1)


# ---------------------------------------------------------------- files


def test_files_have_the_columns_of_the_demo_configuration(exports: Exports) -> None:
    sources = tomllib.loads((REPOSITORY / "metrics.toml").read_text(encoding="utf-8"))["sources"]
    for source, table in sources.items():
        expected = [column.get("from", name) for name, column in table["columns"].items()]
        for day in DEFAULT.calendar():
            with (exports.root / source / f"{source}_{day}.csv").open(encoding="utf-8") as file:
                assert sorted(file.readline().rstrip("\n").split(",")) == sorted(expected)


def test_counts_and_days(exports: Exports) -> None:
    files = contents(exports.root)
    rows = sum(data.count(b"\n") - 1 for data in files.values())
    assert exports.counts == Counts(files=len(files), rows=rows, orders=DEFAULT.days * DEFAULT.orders_per_day)
    assert exports.days_told == DEFAULT.calendar()
    assert all(b"\r" not in data and data.endswith(b"\n") for data in files.values())


def test_sound_rows_are_well_formed(exports: Exports) -> None:
    for source in ("orders", "offers"):
        for row in exports.rows(source):
            assert all(value or column in OPTIONAL | {TIMES[source]} for column, value in row.items())
            assert all(INSTANT.fullmatch(row[column]) for column in row if column.endswith("_at") and row[column])
    fares = [row["Fare (VND)"] for row in exports.rows("orders") if row["status"] == "COMPLETED"]
    assert all(re.fullmatch(r"\d+\.\d\d", fare) for fare in fares)


def test_suppliers(exports: Exports) -> None:
    with (exports.root / "suppliers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["supplier_id", "phone", "city", "tier", "onboarded_on"]
    assert len({row["phone"] for row in rows}) == len(rows) == DEFAULT.suppliers
    assert rows[6]["supplier_id"] == "D00007"
    assert rows[6]["phone"] == "84900000007"
    assert share(sum(row["city"] == "SGN" for row in rows), len(rows)) == pytest.approx(0.60, abs=0.01)
    assert {row["tier"] for row in rows} == {"1", "2", "3", "4"}
    assert 0 < sum(row["onboarded_on"] > str(DEFAULT.first_day) for row in rows) < 40
    onboarded = {row["supplier_id"]: row["onboarded_on"] for row in rows}
    assert all(str(local_day(row["sent_at"])) >= onboarded[row["supplier_id"]] for row in exports.rows("offers"))


# ---------------------------------------------------------------- calibration


def test_shares_of_offers(exports: Exports) -> None:
    offers = [row for row in exports.newest("offers") if row["response"] != "SENT"]
    responses = Counter(row["response"] for row in offers)
    assert share(responses["ACCEPTED"], len(offers)) == pytest.approx(0.90, abs=0.01)
    assert share(responses["IGNORED"], len(offers)) == pytest.approx(0.09, abs=0.01)
    assert share(responses["REJECTED"], len(offers)) == pytest.approx(0.01, abs=0.004)
    assert share(sum(row["kind"] == "recommend" for row in offers), len(offers)) == pytest.approx(0.80, abs=0.02)


def test_shares_of_orders(exports: Exports) -> None:
    firsts = [found[1] for found in exports.versions["orders"].values() if len(found) > 1]
    endings = Counter((row["status"], row["canceled_by"]) for row in firsts)
    assert share(endings["COMPLETED", ""], len(firsts)) == pytest.approx(0.82, abs=0.01)
    assert share(endings["CANCELED", "CUSTOMER"], len(firsts)) == pytest.approx(0.15, abs=0.01)
    assert share(endings["CANCELED", "DRIVER"], len(firsts)) == pytest.approx(0.03, abs=0.005)
    driverless = [row for row in firsts if not row["supplier_id"]]
    assert {row["canceled_by"] for row in driverless} == {"CUSTOMER"}
    assert share(len(driverless), len(firsts)) == pytest.approx(0.0375, abs=0.01)
    assert share(sum("PARTNER" in row["service_id"] for row in firsts), len(firsts)) == pytest.approx(0.05, abs=0.01)
    completed = [row for row in firsts if row["status"] == "COMPLETED"]
    assert share(sum(not row["Discount (VND)"] for row in completed), len(completed)) == pytest.approx(0.7, abs=0.02)
    assert all(row["Fare (VND)"] and Decimal(row["Fare (VND)"]) > Decimal(row["Discount (VND)"] or 0) for row in completed)


def test_drivers_differ_around_the_missions_targets(exports: Exports) -> None:
    offered: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for row in exports.newest("offers"):
        offered[row["supplier_id"]] += 1
        accepted[row["supplier_id"]] += row["response"] == "ACCEPTED"
    low = sum(accepted[driver] / offered[driver] <= 0.7 for driver in offered)
    assert 0.03 < share(low, len(offered)) < 0.15

    trips = weekly_trips(exports)
    reached = sum(count >= 45 for (_, week), count in trips.items() if week == date(2026, 10, 12))
    assert 0.15 < share(reached, DEFAULT.suppliers) < 0.40


def test_driver_7_is_a_close_call(exports: Exports) -> None:
    trips = weekly_trips(exports)
    weeks = [trips["D00007", date(2026, 10, 5) + timedelta(weeks=passed)] for passed in range(3)]
    assert min(weeks) >= 30
    assert min(weeks) < 45 <= max(weeks)
    responses = Counter(row["response"] for row in exports.newest("offers") if row["supplier_id"] == "D00007")
    assert responses["IGNORED"] >= 5


def weekly_trips(exports: Exports) -> Counter[tuple[str, date]]:
    """Completed trips that count, per driver and Monday."""
    trips: Counter[tuple[str, date]] = Counter()
    for row in exports.newest("orders"):
        if row["status"] == "COMPLETED" and "PARTNER" not in row["service_id"]:
            day = local_day(row["final_at"])
            trips[row["supplier_id"], day - timedelta(days=day.weekday())] += 1
    return trips


def test_demand_peaks_in_the_rush_hours_of_weekdays(exports: Exports) -> None:
    hours: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
    for row in exports.newest("orders"):
        created = datetime.fromisoformat(row["created_at"]) + SAIGON
        hours[created.weekday() >= 5][created.hour] += 1
    weekday, weekend = hours[False], hours[True]
    assert weekday[7] > 1.3 * weekday[10]
    assert weekday[18] > 1.3 * weekday[14]
    assert weekday[3] < 0.1 * weekday[18]
    assert weekend[7] < weekend[10]


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize("source", ["orders", "offers"])
def test_every_key_is_exported_open_then_final(exports: Exports, source: str) -> None:
    for found in exports.versions[source].values():
        assert found[0][STATES[source]] in {"CREATED", "SENT"}
        assert found[0][TIMES[source]] == ""
        assert all(row[STATES[source]] not in {"CREATED", "SENT"} for row in found[1:])
        if len(found) == 1:
            assert found[0]["updated_at"] >= f"{DEFAULT.calendar()[-1]}T16:00:00Z"
        else:
            assert found[1]["updated_at"] == found[1][TIMES[source]] > found[0]["updated_at"]
    assert max(len(found) for found in exports.versions["offers"].values()) == 2


@pytest.mark.parametrize("source", ["orders", "offers"])
def test_rows_lie_in_the_file_of_their_day(exports: Exports, source: str) -> None:
    late = 0
    for day, rows in exports.sound[source].items():
        for row in rows:
            passed = (day - local_day(row["updated_at"])).days
            assert passed in {0, 1}
            late += passed
    written = sum(len(rows) for rows in exports.sound[source].values())
    assert 0 < share(late, written) < 0.01


def test_trips_past_midnight_are_in_the_next_days_file(exports: Exports) -> None:
    firsts = [found[1] for found in exports.versions["orders"].values() if len(found) > 1]
    assert sum(local_day(row["created_at"]) < local_day(row["final_at"]) for row in firsts) > DEFAULT.days


@pytest.mark.parametrize("source", ["orders", "offers"])
def test_a_version_of_a_key_has_one_content(exports: Exports, source: str) -> None:
    seen: dict[tuple[str, str], Row] = {}
    for row in exports.rows(source):
        assert seen.setdefault((row[KEYS[source]], row["updated_at"]), row) == row


def test_some_completed_orders_are_canceled_days_later(exports: Exports) -> None:
    changed = [found for found in exports.versions["orders"].values() if len(found) > 2]
    for _, done, canceled in changed:
        assert (done["status"], canceled["status"], canceled["canceled_by"]) == ("COMPLETED", "CANCELED", "CUSTOMER")
        assert (done["final_at"], done["supplier_id"]) == (canceled["final_at"], canceled["supplier_id"])
        assert 1 <= (local_day(canceled["updated_at"]) - local_day(done["final_at"])).days <= 3
    completed = sum(found[-1]["status"] == "COMPLETED" for found in exports.versions["orders"].values())
    assert share(len(changed), completed) == pytest.approx(0.005, abs=0.001)


# ---------------------------------------------------------------- offers and orders agree


def test_an_order_goes_to_the_driver_who_accepted_last(exports: Exports) -> None:
    offers: dict[str, list[Row]] = defaultdict(list)
    for offer in sorted(exports.newest("offers"), key=lambda row: (row["sent_at"], row["offer_id"])):
        offers[offer["order_id"]].append(offer)
    for order in exports.newest("orders"):
        if order["status"] == "CREATED":
            continue
        asked = offers[order["order_id"]]
        takers = [offer["supplier_id"] for offer in asked if offer["response"] == "ACCEPTED"]
        assert takers == ([order["supplier_id"]] if order["supplier_id"] else [])
        assert all(offer["response"] != "ACCEPTED" for offer in asked[:-1])
        assert len({offer["supplier_id"] for offer in asked}) == len(asked)
        assert all(order["created_at"] < offer["sent_at"] < offer["closed_at"] <= order["final_at"] for offer in asked)


def test_no_driver_has_two_trips_at_once(exports: Exports) -> None:
    trips: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in exports.newest("orders"):
        if row["supplier_id"]:
            trips[row["supplier_id"]].append((row["created_at"], row["final_at"]))
    for spans in trips.values():
        spans.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("source", ["orders", "offers"])
def test_a_few_rows_come_twice(exports: Exports, source: str) -> None:
    days = DEFAULT.calendar()
    files = [Counter(tuple(row.values()) for row in exports.sound[source][day]) for day in days]
    within = sum(file.total() - len(file) for file in files)
    across = sum(len(one.keys() & two.keys()) for one, two in pairwise(files))
    written = sum(file.total() for file in files)
    assert across > 0
    assert share(within + across, written) == pytest.approx(0.005, abs=0.002)


@pytest.mark.parametrize("source", ["orders", "offers"])
def test_broken_rows_are_few_and_copies(exports: Exports, source: str) -> None:
    spoilt = {day: rows for day, rows in exports.broken[source].items() if rows}
    assert DEFAULT.days // 5 < len(spoilt) < DEFAULT.days * 4 // 5
    for day, rows in spoilt.items():
        sound = [list(row.values()) for row in exports.sound[source][day]]
        assert share(len(rows), len(sound)) < 0.005
        for row in rows:
            # in a broken row, one field is damaged or missing: the rest is that of a sound one
            assert any(sum(a != b for a, b in zip(row, whole, strict=False)) <= 1 for whole in sound)


def test_every_kind_of_damage_occurs(exports: Exports) -> None:
    orders = [row for rows in exports.broken["orders"].values() for row in rows]
    whole = [row for row in orders if len(row) == 10]
    assert len(whole) < len(orders)
    assert any(row[8] == "12,5x" for row in whole)
    assert any(row[5] == "2026-02-30T08:15:00Z" for row in whole)
    assert any(row[0] == "" for row in whole)
    assert any(row[3] == "FINISHED?" for row in whole)
    assert any(row[6] == "" for row in whole)
    offers = [row for rows in exports.broken["offers"].values() for row in rows]
    assert {len(row) for row in offers} == {7, 8}
