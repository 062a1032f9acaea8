"""Run inspect-scout's `grep_scanner` over a log; `tag.py --scout` starts this in an environment that holds scout.

    python benchmarks/scout.py LOG PATTERNS ROLLOUTS

Prints megabytes of responses a second. The import into scout's own transcripts is not counted.
"""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path


def main(log: Path, patterns: dict[str, str], count: int) -> float:
    """Search the answers of the first rollouts of a log for every pattern, each a label of its own."""
    from inspect_ai.model import ChatMessageAssistant  # type: ignore[import-not-found]
    from inspect_scout import (  # type: ignore[import-not-found]
        Transcript,
        grep_scanner,
        scan,
        scanner,
        transcripts_db,
        transcripts_from,
    )

    with log.open(encoding="utf-8") as lines:
        responses = [json.loads(line)["output"] for line in itertools.islice(lines, count)]

    async def store(folder: str) -> None:
        async with transcripts_db(folder) as database:
            await database.insert(
                [
                    Transcript(transcript_id=f"t{number}", messages=[ChatMessageAssistant(content=response)])
                    for number, response in enumerate(responses)
                ]
            )

    @scanner(messages="all")  # type: ignore[untyped-decorator]
    def cues():  # type: ignore[no-untyped-def]
        return grep_scanner(patterns, regex=True, ignore_case=True)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(store(f"{folder}/transcripts"))
        for limit in (1, count):  # the first scan imports and starts what the second one uses
            began = time.perf_counter()
            status = scan(
                scanners=[("cues", cues())],
                transcripts=transcripts_from(f"{folder}/transcripts"),
                scans=f"{folder}/scans",
                limit=limit,
                display="none",
            )
            seconds = time.perf_counter() - began
    if not status.complete:
        raise SystemExit(f"the scan did not come to its end: {status}")
    return sum(len(response.encode()) for response in responses) / 1e6 / seconds


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")), int(sys.argv[3])))
