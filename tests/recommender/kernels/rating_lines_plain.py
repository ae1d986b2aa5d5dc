"""The plain twin of `kernels.rating_lines`."""

from recommender.data.synthetic_model import SyntheticBlock


def write_rating_lines_plain(block: SyntheticBlock) -> bytes:
    """The lines `userId,movieId,rating[,timestamp]` of a block of users."""
    lines = []
    for row in range(len(block.drawn)):
        for place in range(block.drawn.shape[1]):
            cells = [str(block.first_user + row + 1), str(block.drawn[row, place] + 1)]
            cells += [
                f"{block.halves[row, place] / 2:.1f}",
                *(str(time) for time in block.times[row, place : place + 1]),
            ]
            lines.append(",".join(cells) + "\n")
    return "".join(lines).encode()
