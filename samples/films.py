"""Sample films of colour and with text, printed over DICOM: `python -m samples.films HOST PORT [CALLED_AE]`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, Association
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
)

from printmgr.scu import undisturbed
from samples import phantoms

UTF_8 = "ISO_IR 192"
TEXTS = (
    "Müller, Åsa · Thorax p.a.",
    "Παπαδόπουλος Γιώργος, θώρακας",
    "Иванов Пётр, грудная клетка",
    "محمد عبد الله، صورة الصدر",
    "שרה כהן, צילום חזה",
    "张伟 胸部正位片",
    "山田 太郎 胸部 レントゲン",
    "김철수 흉부 전후면",
    "สมชาย ใจดี ภาพถ่ายรังสีทรวงอก",
)


@dataclass(frozen=True)
class SampleFilm:
    """What is sent for one film."""

    image_display_format: str
    pictures: Mapping[int, np.ndarray]  # 8 bits, (rows, columns) or (rows, columns, 3)
    color: bool = False
    texts: tuple[str, ...] = ()  # by Annotation Position
    of_film: Mapping[str, object] = field(default_factory=dict)
    of_images: Mapping[str, object] = field(default_factory=dict)
    label: str = ""
    planar: bool = False


def send(film: SampleFilm, host: str, port: int, called_ae: str = "PRINTMGR") -> None:
    """Print one film. Raises RuntimeError for what is not answered with success or a warning."""
    meta = BasicColorPrintManagementMeta if film.color else BasicGrayscalePrintManagementMeta
    ae = AE("SAMPLES")
    for sop_class in (meta, BasicAnnotationBox):
        ae.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = ae.associate(host, port, ae_title=called_ae)
    if not association.is_established:
        raise RuntimeError(f"{called_ae} at {host}:{port} takes no association")
    try:
        with undisturbed(association):
            talk(association, meta, film)
    finally:
        association.release()


def talk(association: Association, meta: str, film: SampleFilm) -> None:
    session, film_box = generate_uid(), generate_uid()
    said = data_set(SpecificCharacterSet=UTF_8, FilmSessionLabel=film.label)
    done(association.send_n_create(said, BasicFilmSession, session, meta_uid=meta))
    reference = Sequence([data_set(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=session)])
    said = data_set(
        ImageDisplayFormat=film.image_display_format, ReferencedFilmSessionSequence=reference, **film.of_film
    )
    made = done(association.send_n_create(said, BasicFilmBox, film_box, meta_uid=meta))
    box_class = BasicColorImageBox if film.color else BasicGrayscaleImageBox
    for position, pixels in film.pictures.items():
        uid = made.ReferencedImageBoxSequence[position - 1].ReferencedSOPInstanceUID
        done(association.send_n_set(image_box(film, position, pixels), box_class, uid, meta_uid=meta))
    for position, text in enumerate(film.texts, start=1):
        uid = made.ReferencedBasicAnnotationBoxSequence[position - 1].ReferencedSOPInstanceUID
        said = data_set(SpecificCharacterSet=UTF_8, AnnotationPosition=position, TextString=text)
        done(association.send_n_set(said, BasicAnnotationBox, uid))
    done(association.send_n_action(None, 1, BasicFilmBox, film_box, meta_uid=meta))


def image_box(film: SampleFilm, position: int, pixels: np.ndarray) -> Dataset:
    colors = pixels.shape[2] if pixels.ndim == 3 else 1
    image = data_set(
        SamplesPerPixel=colors,
        PhotometricInterpretation="RGB" if colors == 3 else "MONOCHROME2",
        Rows=pixels.shape[0],
        Columns=pixels.shape[1],
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=(pixels.transpose(2, 0, 1) if film.planar and colors == 3 else pixels).tobytes(),
    )
    if colors == 3:
        image.PlanarConfiguration = int(film.planar)
    image["PixelData"].VR = "OB"
    sequence = "BasicColorImageSequence" if film.color else "BasicGrayscaleImageSequence"
    return data_set(ImageBoxPosition=position, **{sequence: Sequence([image])}, **film.of_images)


def data_set(**attributes: object) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def done(answer: tuple[Dataset, Dataset | None]) -> Dataset:
    """What came back. Raises RuntimeError for a failure or no answer."""
    status, reply = answer
    code = int(status.get("Status", 0x0110))
    if code and code >> 12 != 0xB and code not in (0x0107, 0x0116):
        raise RuntimeError(f"answered {code:04X}H: {status.get('ErrorComment', '')}")
    return reply or Dataset()


def color_film() -> SampleFilm:
    """A perfusion-like sheet in colour, one image beside it in grey, as requested 150 mm wide."""
    return SampleFilm(
        "STANDARD\\2,2",
        {1: phantoms.perfusion(0), 2: phantoms.perfusion(1), 3: phantoms.colour(), 4: phantoms.test_pattern(512)},
        color=True,
        planar=True,
        texts=("Lung perfusion · Müller, Åsa",),
        of_film={"AnnotationDisplayFormatID": "LABEL"},
        of_images={"RequestedImageSize": "150"},
    )


def text_film() -> SampleFilm:
    """A chest with a line of text in each of nine scripts."""
    return SampleFilm(
        "STANDARD\\1,1",
        {1: (phantoms.cr_image() >> 4).astype(np.uint8)},
        texts=TEXTS,
        of_film={"AnnotationDisplayFormatID": "SCRIPTS"},
        label="Müller^Åsa",
    )


def main() -> None:
    host, port, *called = sys.argv[1:]
    for film in (color_film(), text_film()):
        send(film, host, int(port), *called)


if __name__ == "__main__":
    main()
