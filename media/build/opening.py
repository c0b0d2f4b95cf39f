"""What stands on an encrypted disc in the clear: how it is opened, in plain words, and nothing of what it holds."""

from collections.abc import Mapping
from html import escape

from media.fileset.encryption import Method

README, PAGE, ARCHIVE = ("README.TXT",), ("INDEX.HTM",), ("DISC.ZIP",)

Words = Mapping[str, tuple[str, tuple[str, ...]]]

ZIP_WORDS: Words = {  # language: title, steps
    "en": ("This disc is encrypted", (
        "You need the password. It is on a sheet that came separately; ask whoever gave you the disc.",
        "Copy the file DISC.ZIP to your computer.",
        "Open it with 7-Zip (Windows, www.7-zip.org), Keka (Mac) or an archive manager (Linux). What Windows itself "
        "has for ZIP files cannot open it.",
        "Type the password as it is printed, with the hyphens.",
        "Open INDEX.HTM in the folder that was extracted, or import DICOMDIR into your viewer.",
    )),
    "de": ("Diese Disc ist verschlüsselt", (
        "Sie brauchen das Passwort. Es steht auf einem gesonderten Blatt; fragen Sie, wer Ihnen die Disc gegeben hat.",
        "Kopieren Sie die Datei DISC.ZIP auf Ihren Computer.",
        "Öffnen Sie sie mit 7-Zip (Windows, www.7-zip.org), Keka (Mac) oder einer Archivverwaltung (Linux). Was "
        "Windows selbst für ZIP-Dateien hat, kann sie nicht öffnen.",
        "Geben Sie das Passwort so ein, wie es gedruckt ist, mit den Bindestrichen.",
        "Öffnen Sie INDEX.HTM im entpackten Ordner, oder lesen Sie DICOMDIR in Ihr Programm ein.",
    )),
    "fr": ("Ce disque est chiffré", (
        "Il vous faut le mot de passe. Il se trouve sur une feuille remise séparément; demandez à qui vous a donné le "
        "disque.",
        "Copiez le fichier DISC.ZIP sur votre ordinateur.",
        "Ouvrez-le avec 7-Zip (Windows, www.7-zip.org), Keka (Mac) ou un gestionnaire d'archives (Linux). Windows seul "
        "ne peut pas l'ouvrir.",
        "Saisissez le mot de passe tel qu'il est imprimé, avec les traits d'union.",
        "Ouvrez INDEX.HTM dans le dossier extrait, ou importez DICOMDIR dans votre logiciel.",
    )),
    "es": ("Este disco está cifrado", (
        "Necesita la contraseña. Está en una hoja aparte; pregunte a quien le dio el disco.",
        "Copie el archivo DISC.ZIP a su ordenador.",
        "Ábralo con 7-Zip (Windows, www.7-zip.org), Keka (Mac) o un gestor de archivos comprimidos (Linux). Windows "
        "por sí solo no puede abrirlo.",
        "Escriba la contraseña tal como está impresa, con los guiones.",
        "Abra INDEX.HTM en la carpeta extraída, o importe DICOMDIR en su programa.",
    )),
}  # fmt: skip
CMS_WORDS: Words = {
    "en": ("This disc is encrypted", (
        "Every file in it is a Secure DICOM File (PS3.15, Basic DICOM Media Security Profile): a CMS envelope with "
        "AES-256. A workstation of that profile asks for the password or uses its certificate.",
        "The password is on a sheet that came separately; ask whoever gave you the disc.",
        "Without such a workstation OpenSSL opens the files one by one: "
        "openssl cms -decrypt -inform DER -in DICOMDIR -out envelope -pwri_password PASSWORD "
        "(with a certificate: -recip CERTIFICATE -inkey KEY), then "
        "openssl cms -digest_verify -inform DER -in envelope -out DICOMDIR.open",
    )),
}  # fmt: skip


def pages(method: Method, reference: str) -> dict[tuple[str, ...], bytes]:
    """README.TXT and INDEX.HTM; `reference` is also on the sheet with the password."""
    words = ZIP_WORDS if method is Method.ZIP else CMS_WORDS
    return {README: _readme(words, reference), PAGE: _page(words, reference)}


def _readme(words: Words, reference: str) -> bytes:
    import textwrap

    title, steps = words["en"]
    lines = [title.upper(), "=" * len(title), ""]
    for number, step in enumerate(steps, 1):
        lines += textwrap.wrap(f"{number}. {step}", 78, subsequent_indent="   ", break_long_words=False)
    lines += ["", f"Reference: {reference} (it is on the sheet with the password, too)", ""]
    lines += ["If you found this disc, give it back or destroy it.", ""]
    return "\r\n".join(lines).encode("ascii")


def _page(words: Words, reference: str) -> bytes:
    parts = [
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head>',
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />',
        f"<title>{escape(words['en'][0])}</title>",
        '<style type="text/css">body{font:17px sans-serif;margin:2em auto;max-width:42em;line-height:1.45}'
        "h1{font-size:1.4em}div{border-top:1px solid #999;margin-top:1.5em}li{margin:.4em 0}</style></head><body>",
    ]
    for language, (title, steps) in words.items():
        items = "".join(f"<li>{escape(step)}</li>" for step in steps)
        parts.append(f'<div xml:lang="{language}" lang="{language}"><h1>{escape(title)}</h1><ol>{items}</ol></div>')
    parts += [f"<div><p>Reference: <strong>{escape(reference)}</strong></p></div></body></html>", ""]
    return "\r\n".join(parts).encode()
