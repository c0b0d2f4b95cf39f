"""The UID of a print's job, which is its id in another spelling: nobody has to keep which is whose.

The id's 20 digits of time and 32 random bits (`service.spool.new_id`) are the bits of a UUID of our own making (RFC
9562, version 8), and a UUID is a UID below 2.25 (PS3.5 B.2).
"""

RANDOM_BITS = 32


def print_job_uid(print_id: str) -> str:
    """The UID of a print's job.

    >>> print_job_uid("20240506-070809-000010-0000002a")
    '2.25.5563668256118144629788037349418'
    """
    number = int(print_id[:22].replace("-", "")) << RANDOM_BITS | int(print_id[23:], 16)
    high, middle, low = number >> 74, number >> 62 & 0xFFF, number & (1 << 62) - 1
    return f"2.25.{high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low}"


def print_id_of(uid: str) -> str:
    """The print whose job has this UID. Raises ValueError for a UID that is no such one."""
    root, _, text = uid.rpartition(".")
    if root != "2.25" or not text.isascii() or not text.isdigit() or len(text) > 39:
        raise ValueError(f"{uid} is no print job's")
    value = int(text)
    number = value >> 80 << 74 | (value >> 64 & 0xFFF) << 62 | value & (1 << 62) - 1
    digits = f"{number >> RANDOM_BITS:020}"
    print_id = f"{digits[:8]}-{digits[8:14]}-{digits[14:]}-{number & (1 << RANDOM_BITS) - 1:08x}"
    if print_job_uid(print_id) != uid:
        raise ValueError(f"{uid} is no print job's")
    return print_id
