"""The working film session against a model of it, and the rules of PS3.4 H.4 one by one."""

import itertools
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from printmgr.errors import (
    DuplicateInstance,
    ImageTooLarge,
    InvalidAttribute,
    InvalidInstance,
    MissingAttribute,
    NoFilmBox,
    NoSuchInstance,
    ResourceLimit,
)
from printmgr.film.caps import Caps
from printmgr.film.model import (
    DecimateCropBehavior,
    FilmBox,
    Image,
    LUTShape,
    MagnificationType,
    OrderKind,
    PixelFormat,
    Polarity,
    PrintOrder,
    StoredPixels,
)
from printmgr.film.printer import LogicalPrinter
from printmgr.film.requests import FilmBoxRequest, FilmSessionRequest, ImageBoxRequest, PresentationLUTRequest
from printmgr.film.session import WorkingSession

PRINTER = LogicalPrinter("PRINTER")
SMALL = PixelFormat(rows=64, columns=64)
LARGE = PixelFormat(rows=6000, columns=6000)  # more than 14x17 in at 0.080 mm has


def working(printer: LogicalPrinter = PRINTER, **caps: int) -> WorkingSession:
    numbers = itertools.count(1)
    return WorkingSession(printer, lambda: f"2.25.{next(numbers)}", Caps(**caps))


def image(file: str = "000001", form: PixelFormat = SMALL) -> Image:
    return Image(form, StoredPixels(file, 100, form.rows * form.columns))


def with_film(
    image_display_format: str = "STANDARD\\2,2", printer: LogicalPrinter = PRINTER, **caps: int
) -> WorkingSession:
    work = working(printer, **caps)
    work.create_session("S", FilmSessionRequest())
    work.create_film_box("F", FilmBoxRequest(image_display_format, "S"))
    return work


def boxes(work: WorkingSession, film: str = "F") -> list[str]:
    return [box.uid for box in work.films[film].image_boxes]


@dataclass
class GhostFilm:
    boxes: list[str]
    images: dict[str, str] = field(default_factory=dict)  # image box UID to file


class Printing(RuleBasedStateMachine):
    """Random requests of one association; what is expected is kept in plain dicts beside it."""

    films = Bundle("films")
    image_boxes = Bundle("image_boxes")
    luts = Bundle("luts")

    @initialize()
    def begin(self) -> None:
        self.work = working()
        self.numbers = itertools.count(1)
        self.session_uid: str | None = None
        self.ghosts: dict[str, GhostFilm] = {}
        self.lut_uids: set[str] = set()
        self.live: set[str] = set()
        self.orders: list[tuple[PrintOrder, list[list[str | None]]]] = []

    def new(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    @rule()
    def create_session(self) -> None:
        uid = self.new("S")
        if self.session_uid is None:
            self.work.create_session(uid, FilmSessionRequest())
            self.session_uid = uid
        else:
            with pytest.raises(DuplicateInstance):
                self.work.create_session(uid, FilmSessionRequest())

    @rule()
    def delete_session(self) -> None:
        if self.session_uid is None:
            with pytest.raises(NoSuchInstance):
                self.work.delete_session("S")
            return
        outcome = self.work.delete_session(self.session_uid)
        expected = {file for ghost in self.ghosts.values() for file in ghost.images.values()}
        assert sorted(outcome.dropped) == sorted(expected)
        self.live -= expected
        self.session_uid = None
        self.ghosts.clear()

    @rule(
        target=image_boxes,
        film_uid=st.sampled_from(["F1", "F2", "F3", "F4"]),
        display_format=st.sampled_from(
            [("STANDARD\\1,1", 1), ("STANDARD\\3,2", 6), ("ROW\\1,2", 3), ("COL\\2,1,1", 4)]
        ),
    )
    def create_film_box(self, film_uid: str, display_format: tuple[str, int]) -> object:
        text, count = display_format
        request = FilmBoxRequest(text, self.session_uid or "S")
        if self.session_uid is None:
            with pytest.raises(InvalidInstance):
                self.work.create_film_box(film_uid, request)
            return multiple()
        if film_uid in self.ghosts:
            with pytest.raises(DuplicateInstance):
                self.work.create_film_box(film_uid, request)
            return multiple()
        film = self.work.create_film_box(film_uid, request).value
        uids = [box.uid for box in film.image_boxes]
        assert [box.position for box in film.image_boxes] == list(range(1, count + 1))
        assert not any(uid in ghost.boxes for ghost in self.ghosts.values() for uid in uids)
        self.ghosts[film_uid] = GhostFilm(uids)
        return multiple(*uids)

    def ghost_of(self, image_box: str) -> GhostFilm | None:
        return next((ghost for ghost in self.ghosts.values() if image_box in ghost.boxes), None)

    @rule(image_box=image_boxes, reverse=st.booleans())
    def set_image(self, image_box: str, reverse: bool) -> None:
        file = self.new("file")
        request = ImageBoxRequest(image=image(file), polarity=Polarity.REVERSE if reverse else None)
        ghost = self.ghost_of(image_box)
        if ghost is None:
            with pytest.raises(NoSuchInstance):
                self.work.set_image_box(image_box, request)
            return
        before = ghost.images.get(image_box)
        outcome = self.work.set_image_box(image_box, request)
        assert outcome.dropped == ((before,) if before else ())
        self.live -= {before or ""}
        self.live.add(file)
        ghost.images[image_box] = file

    @rule(image_box=image_boxes, behavior=st.sampled_from([DecimateCropBehavior.FAIL, None]))
    def set_too_large(self, image_box: str, behavior: DecimateCropBehavior | None) -> None:
        ghost = self.ghost_of(image_box)
        if ghost is None:
            return
        request = ImageBoxRequest(
            image=image("never", LARGE),
            requested_decimate_crop_behavior=behavior,
            magnification_type=None if behavior else MagnificationType.NONE,
        )
        with pytest.raises(ImageTooLarge):
            self.work.set_image_box(image_box, request)

    @rule(image_box=image_boxes)
    def erase(self, image_box: str) -> None:
        ghost = self.ghost_of(image_box)
        if ghost is None:
            return
        before = ghost.images.pop(image_box, None)
        assert self.work.set_image_box(image_box, ImageBoxRequest(erase=True)).dropped == ((before,) if before else ())
        self.live -= {before or ""}

    @rule(film_uid=st.sampled_from(["F1", "F2", "F3", "F4"]))
    def delete_film_box(self, film_uid: str) -> None:
        ghost = self.ghosts.pop(film_uid, None)
        if ghost is None:
            with pytest.raises(NoSuchInstance):
                self.work.delete_film_box(film_uid)
            return
        dropped = self.work.delete_film_box(film_uid).dropped
        assert sorted(dropped) == sorted(ghost.images.values())
        self.live -= set(dropped)

    @rule(target=luts, shape=st.sampled_from(list(LUTShape)))
    def create_lut(self, shape: LUTShape) -> str:
        uid = self.new("L")
        self.work.create_presentation_lut(uid, PresentationLUTRequest(shape))
        self.lut_uids.add(uid)
        return uid

    @rule(uid=consumes(luts))
    def delete_lut(self, uid: str) -> None:
        self.work.delete_presentation_lut(uid)
        self.lut_uids.remove(uid)
        with pytest.raises(NoSuchInstance):
            self.work.delete_presentation_lut(uid)
        for film_uid in self.ghosts:
            with pytest.raises(InvalidAttribute):
                self.work.set_film_box(film_uid, FilmBoxRequest(presentation_lut_uid=uid))

    @rule(film_uid=st.sampled_from(["F1", "F2", "F3", "F4"]), uid=luts)
    def refer_to_lut(self, film_uid: str, uid: str) -> None:
        if film_uid in self.ghosts:
            film = self.work.set_film_box(film_uid, FilmBoxRequest(presentation_lut_uid=uid)).value
            assert film.presentation_lut is not None and film.presentation_lut.uid == uid

    def took(self, order: PrintOrder, film_uids: list[str]) -> None:
        expected = [[self.ghosts[uid].images.get(box) for box in self.ghosts[uid].boxes] for uid in film_uids]
        assert [film.uid for film in order.films] == film_uids
        self.orders.append((order, expected))

    @rule(film_uid=st.sampled_from(["F1", "F2", "F3", "F4"]))
    def print_film(self, film_uid: str) -> None:
        if film_uid not in self.ghosts:
            with pytest.raises(NoSuchInstance):
                self.work.print_film_box(film_uid)
            return
        outcome = self.work.print_film_box(film_uid)
        assert outcome.value.kind is OrderKind.FILM
        assert (0xB603 in outcome.warnings) == (not self.ghosts[film_uid].images)
        self.took(outcome.value, [film_uid])

    @rule()
    def print_session(self) -> None:
        if self.session_uid is None:
            with pytest.raises(NoSuchInstance):
                self.work.print_session("S")
        elif not self.ghosts:
            with pytest.raises(NoFilmBox):
                self.work.print_session(self.session_uid)
        else:
            outcome = self.work.print_session(self.session_uid)
            assert outcome.value.kind is OrderKind.SESSION
            assert (0xB602 in outcome.warnings) == (not any(ghost.images for ghost in self.ghosts.values()))
            self.took(outcome.value, list(self.ghosts))

    @invariant()
    def every_image_is_where_it_was_put(self) -> None:
        assert list(self.work.films) == list(self.ghosts)
        for uid, ghost in self.ghosts.items():
            assert files_of(self.work.films[uid]) == [ghost.images.get(box) for box in ghost.boxes]

    @invariant()
    def data_sets_in_use_are_those_not_dropped(self) -> None:
        in_use = [file for film in self.work.films.values() for file in files_of(film) if file]
        assert len(in_use) == len(set(in_use)) and set(in_use) == self.live

    @invariant()
    def orders_stay_as_they_were(self) -> None:
        for order, expected in self.orders:
            assert [files_of(film) for film in order.films] == expected

    @invariant()
    def image_boxes_are_known_by_their_film(self) -> None:
        expected = {box: uid for uid, ghost in self.ghosts.items() for box in ghost.boxes}
        assert self.work.film_of_image_box == expected
        assert set(self.work.luts) == self.lut_uids


def files_of(film: FilmBox) -> list[str | None]:
    return [box.image.pixels.file if box.image else None for box in film.image_boxes]


TestPrinting = Printing.TestCase
TestPrinting.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_film_box_needs_a_session_of_this_association() -> None:
    work = working()
    with pytest.raises(InvalidInstance):
        work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "S"))
    work.create_session("S", FilmSessionRequest())
    with pytest.raises(InvalidAttribute) as wrong:
        work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "another"))
    assert wrong.value.keyword == "ReferencedFilmSessionSequence"
    with pytest.raises(MissingAttribute):
        work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1"))
    with pytest.raises(MissingAttribute):
        work.create_film_box("F", FilmBoxRequest(None, "S"))
    assert not work.films


@pytest.mark.parametrize("uid", ["S", "F", "L", "2.25.1"])
def test_a_uid_names_one_instance_only(uid: str) -> None:
    work = with_film()
    work.create_presentation_lut("L", PresentationLUTRequest(LUTShape.IDENTITY))
    with pytest.raises(DuplicateInstance):
        work.create_film_box(uid, FilmBoxRequest("STANDARD\\1,1", "S"))
    with pytest.raises(DuplicateInstance):
        work.create_presentation_lut(uid, PresentationLUTRequest(LUTShape.IDENTITY))


@pytest.mark.parametrize("text", ["", "NONSENSE", "STANDARD\\0,1", "STANDARD\\1000000000,1", "CUSTOM\\9", "ROW\\"])
def test_a_display_format_that_is_none_makes_no_film(text: str) -> None:
    work = working()
    work.create_session("S", FilmSessionRequest())
    with pytest.raises(InvalidAttribute) as wrong:
        work.create_film_box("F", FilmBoxRequest(text, "S"))
    assert wrong.value.keyword == "ImageDisplayFormat"
    assert not work.films and not work.film_of_image_box


def test_an_unknown_film_size_is_printed_on_the_printers_own() -> None:
    work = working()
    work.create_session("S", FilmSessionRequest())
    outcome = work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "S", film_size_id="CURRENT"))
    assert outcome.warnings == (0x0116,)
    assert outcome.value.film_size_id == PRINTER.film_size


@pytest.mark.parametrize(
    ("asked", "used", "warnings"),
    [(3.0, 3.0, ()), (3.2, 3.2, ()), (99.99, 3.2, (0xB605,)), (0.01, None, (0xB605, 0x0116)), (0.0, None, ())],
)
def test_densities_are_brought_into_the_printers_range(
    asked: float, used: float | None, warnings: tuple[int, ...]
) -> None:
    work = with_film()
    outcome = work.set_film_box("F", FilmBoxRequest(max_density=asked))
    assert (outcome.value.max_density, outcome.warnings) == (used, warnings)
    of_box = work.set_image_box(boxes(work)[0], ImageBoxRequest(image=image(), max_density=asked))
    assert (of_box.value.max_density, of_box.warnings) == (used, warnings)


@pytest.mark.parametrize(
    ("behavior", "status"),
    [(None, 0xB604), (DecimateCropBehavior.CROP, 0xB609), (DecimateCropBehavior.DECIMATE, 0xB60A)],
)
def test_an_image_too_large_is_answered_at_once_and_when_printed(
    behavior: DecimateCropBehavior | None, status: int
) -> None:
    work = with_film("STANDARD\\1,1")
    request = ImageBoxRequest(image=image(form=LARGE), requested_decimate_crop_behavior=behavior)
    assert work.set_image_box(boxes(work)[0], request).warnings == (status,)
    outcome = work.print_film_box("F")
    assert outcome.warnings == outcome.value.statuses == (status,)


def test_an_image_refused_leaves_the_one_before() -> None:
    work = with_film("STANDARD\\1,1")
    box = boxes(work)[0]
    work.set_image_box(box, ImageBoxRequest(image=image("good")))
    fail = ImageBoxRequest(image=image("bad", LARGE), requested_decimate_crop_behavior=DecimateCropBehavior.FAIL)
    with pytest.raises(ImageTooLarge) as refused:
        work.set_image_box(box, fail)
    assert refused.value.position == 1
    assert files_of(work.films["F"]) == ["good"]


def test_magnification_set_later_decides_when_printed() -> None:
    work = with_film("STANDARD\\1,1")
    work.set_image_box(boxes(work)[0], ImageBoxRequest(image=image(form=LARGE)))
    work.set_film_box("F", FilmBoxRequest(magnification_type=MagnificationType.NONE))
    with pytest.raises(ImageTooLarge):
        work.print_film_box("F")


def test_what_a_request_does_not_name_stays() -> None:
    work = with_film()
    box = boxes(work)[1]
    work.set_image_box(box, ImageBoxRequest(image=image(), polarity=Polarity.REVERSE, requested_image_size=50.0))
    work.set_image_box(box, ImageBoxRequest(image=image("000002")))
    changed = work.films["F"].image_boxes[1]
    assert (changed.polarity, changed.requested_image_size) == (Polarity.REVERSE, 50.0)
    work.set_session("S", FilmSessionRequest(number_of_copies=3))
    work.set_session("S", FilmSessionRequest(print_priority="HIGH"))
    assert work.session is not None and work.session.number_of_copies == 3


def test_older_films_may_still_be_changed_and_printed() -> None:
    work = with_film()
    work.create_film_box("F2", FilmBoxRequest("STANDARD\\1,1", "S"))
    work.set_image_box(boxes(work)[3], ImageBoxRequest(image=image()))
    assert files_of(work.print_film_box("F").value.films[0]) == [None, None, None, "000001"]


def test_a_film_prints_again_as_it_is_then() -> None:
    work = with_film("STANDARD\\1,1")
    box = boxes(work)[0]
    work.set_image_box(box, ImageBoxRequest(image=image("first")))
    first = work.print_film_box("F").value
    work.set_image_box(box, ImageBoxRequest(image=image("second")))
    second = work.print_film_box("F").value
    assert [files_of(order.films[0]) for order in (first, second)] == [["first"], ["second"]]


def test_a_deleted_lut_stays_with_those_who_refer_to_it() -> None:
    work = with_film()
    work.create_presentation_lut("L", PresentationLUTRequest(table=tuple(range(256)), bits=8, explanation="linear"))
    work.set_film_box("F", FilmBoxRequest(presentation_lut_uid="L"))
    work.delete_presentation_lut("L")
    lut = work.print_film_box("F").value.films[0].presentation_lut
    assert lut is not None and lut.table == tuple(range(256)) and lut.explanation == "linear"
    work.set_film_box("F", FilmBoxRequest(presentation_lut_uid=""))
    assert work.print_film_box("F").value.films[0].presentation_lut is None


def test_a_lut_outlives_the_film_session() -> None:
    work = with_film()
    work.create_presentation_lut("L", PresentationLUTRequest(LUTShape.LIN_OD))
    work.delete_session("S")
    work.create_session("S2", FilmSessionRequest(presentation_lut_uid="L"))
    assert work.session is not None and work.session.presentation_lut == work.luts["L"]


def test_what_old_scus_say_of_the_session_holds_for_its_films() -> None:
    work = working()
    work.create_presentation_lut("L", PresentationLUTRequest(LUTShape.LIN_OD))
    work.create_session("S", FilmSessionRequest(presentation_lut_uid="L", illumination=1500.0))
    work.create_film_box("F1", FilmBoxRequest("STANDARD\\1,1", "S"))
    work.create_film_box("F2", FilmBoxRequest("STANDARD\\1,1", "S", illumination=1000.0))
    films = work.print_session("S").value.films
    assert [film.presentation_lut for film in films] == [work.luts["L"]] * 2
    assert [film.illumination for film in films] == [1500.0, 1000.0]


def test_memory_allocation_is_ignored_with_a_warning() -> None:
    assert working().create_session("S", FilmSessionRequest(memory_allocation=1024)).warnings == (0xB600,)


def test_a_lut_is_a_shape_or_a_table() -> None:
    with pytest.raises(MissingAttribute):
        working().create_presentation_lut("L", PresentationLUTRequest())


def test_films_and_luts_are_limited() -> None:
    work = with_film(films=1, presentation_luts=1)
    with pytest.raises(ResourceLimit):
        work.create_film_box("F2", FilmBoxRequest("STANDARD\\1,1", "S"))
    work.create_presentation_lut("L1", PresentationLUTRequest(LUTShape.IDENTITY))
    with pytest.raises(ResourceLimit):
        work.create_presentation_lut("L2", PresentationLUTRequest(LUTShape.IDENTITY))


def test_pixels_of_an_image_and_of_all_are_limited() -> None:
    """An image that is refused leaves the one before; what is erased or deleted makes room again."""
    work = with_film(image_pixels=64 * 64, session_pixels=64 * 64 * 5 // 2)
    first, second, third, _ = boxes(work)
    with pytest.raises(ResourceLimit, match="an image has at most 4096"):
        work.set_image_box(first, ImageBoxRequest(image=image(form=PixelFormat(rows=64, columns=65))))
    for uid in (first, second, first):
        work.set_image_box(uid, ImageBoxRequest(image=image()))
    with pytest.raises(ResourceLimit, match="film session's images"):
        work.set_image_box(third, ImageBoxRequest(image=image()))
    assert [box.image is None for box in work.films["F"].image_boxes] == [False, False, True, True]
    work.set_image_box(first, ImageBoxRequest(erase=True))
    work.set_image_box(third, ImageBoxRequest(image=image()))
    assert work.pixels == 2 * 64 * 64
    work.delete_film_box("F")
    assert work.pixels == 0


def test_image_boxes_and_table_entries_are_limited() -> None:
    work = working(image_boxes=7, lut_entries=10)
    work.create_session("S", FilmSessionRequest())
    work.create_film_box("F1", FilmBoxRequest("STANDARD\\2,3", "S"))
    with pytest.raises(ResourceLimit):
        work.create_film_box("F2", FilmBoxRequest("STANDARD\\2,1", "S"))
    work.delete_film_box("F1")
    work.create_film_box("F2", FilmBoxRequest("STANDARD\\2,1", "S"))
    for number in range(2):  # films may hold what is deleted
        work.create_presentation_lut(f"L{number}", PresentationLUTRequest(table=(1, 2, 3, 4), bits=8))
        work.delete_presentation_lut(f"L{number}")
    with pytest.raises(ResourceLimit):
        work.create_presentation_lut("L2", PresentationLUTRequest(table=(1, 2, 3, 4), bits=8))
    work.delete_session("S")
    work.create_presentation_lut("L2", PresentationLUTRequest(table=(1, 2, 3, 4), bits=8))


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ({"min_density": 2.0, "max_density": 1.0}, {"min_density": None, "max_density": None}),
        ({"min_density": 3.2}, {"min_density": None}),
        ({"illumination": 65535.0, "reflected_ambient_light": 20.0}, {"illumination": None}),
        ({"reflected_ambient_light": 65535.0}, {"reflected_ambient_light": None}),
    ],
)
def test_what_shows_nothing_gives_way_to_the_printers_own(
    asked: dict[str, float], used: dict[str, float | None]
) -> None:
    work = working()
    work.create_session("S", FilmSessionRequest())
    made = work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "S", **asked))
    assert made.warnings == (0x0116,)
    assert {name: getattr(made.value, name) for name in used} == used
    work.create_film_box("G", FilmBoxRequest("STANDARD\\1,1", "S"))
    changed = work.set_film_box("G", FilmBoxRequest(**asked))
    assert changed.warnings == (0x0116,)
    assert {name: getattr(changed.value, name) for name in used} == used


def test_an_image_box_whose_densities_cross_has_the_films() -> None:
    work = working()
    work.create_session("S", FilmSessionRequest())
    (box,) = work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "S", min_density=1.0)).value.image_boxes
    outcome = work.set_image_box(box.uid, ImageBoxRequest(max_density=0.9))
    assert outcome.warnings == (0x0116,)
    assert outcome.value.max_density is None


def test_no_reflected_light_is_honoured() -> None:
    work = working()
    work.create_session("S", FilmSessionRequest())
    light = {"illumination": 150.0, "reflected_ambient_light": 0.0}
    made = work.create_film_box("F", FilmBoxRequest("STANDARD\\1,1", "S", **light))
    assert (made.warnings, made.value.illumination, made.value.reflected_ambient_light) == ((), 150.0, 0.0)


def test_a_printers_defaults_are_those_of_its_films() -> None:
    printer = replace(PRINTER, film_size="A4", border_density="WHITE", empty_density="150")
    film = with_film(printer=printer).films["F"]
    assert (film.film_size_id, film.border_density, film.empty_image_density) == ("A4", "WHITE", "150")
