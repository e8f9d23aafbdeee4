"""Writing through the program against a bare loop of forward passes: tokens per second, the first token, cancelling.

Both sides have the same weights, thread, precision, kind of cache and samplers. The bare loop keeps nothing but the
numbers of its tokens; Studio's side is a job from its submission to its result in the library: every token with ten
others that could have stood there, its text, a step on the disk, looks at the text for a panel. The seconds per token
are taken from texts of two lengths, so that loading, reading and keeping the result cancel out. The goals are by the
clock, since steps are kept on a thread and the window looks at tokens on another core; beside them stand the processor
seconds of the generation host, all threads together, and for the first token those of both processes: from submitting
the job until the token is on the disk and told of, with the tokenizer's work on both sides.
Models: a tiny one of the starter prose's size and one of 100 million parameters, both random.

Both sides take turns in two processes one after the other, for where weights come to lie in the memory makes 2 % of a
process. Of the rounds the quickest quarter ends at the figure that is shown: whatever else runs on a machine only adds.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from _tell import tell

from _child import figures_of, machine, quick, surroundings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GOAL_SPEED, GOAL_FIRST = 0.97, 1.1
SHORT, LONG, READ = 16, 176, 700
PROCESSES = 2
WIDTHS = {"tiny": (192, 512, 5, 6, 4096), "100m": (768, 2048, 12, 12, 8192)}
"""Per model: width, inner width, layers, heads, vocabulary."""


def save(folder: Path, name: str) -> Path:
    """Write a random model of the size; its path."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = PreTrainedTokenizerFast(tokenizer_file=str(ROOT / "resources" / "starter" / "prose" / "tokenizer.json"))
    width, inner, layers, heads, vocabulary = WIDTHS[name]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder / name)
    words.save_pretrained(folder / name)
    return folder / name


def _clocked(work: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, float]:
    """How far `clock` went meanwhile, and how far the one on the wall."""
    gc.collect()
    start, wall = clock(), time.perf_counter()
    work()
    return clock() - start, time.perf_counter() - wall


def _seconds(process: int) -> float:
    """What a process has had of the processor."""
    if sys.platform == "linux":
        return time.clock_gettime((~process << 3) | 2)  # clock_getcpuclockid(3), which Python does not have
    used = psutil.Process(process).cpu_times()
    return used.user + used.system


def _after_cancel(place: Any, job: str) -> float:
    """How many tokens came after Cancel."""
    from studio.core.events import Cancelled, Stepped

    def newest() -> int:
        return max(event.step.index for _, event in place.events if isinstance(event, Stepped))

    place.wait(lambda one: isinstance(one, Stepped) and one.job_id == job and one.step.index == 20)
    place.engine.cancel(job)
    asked = newest()
    place.wait(lambda one: isinstance(one, Cancelled) and one.job_id == job)
    return float(newest() - asked)


def _written(net: Any, ids: list[int], seed: int, length: int) -> list[int]:
    """The bare loop: what `length` tokens come after `ids`."""
    import torch
    from transformers.cache_utils import Cache

    from studio.inference.text.choosing import Chooser, Place, Taste
    from studio.inference.text.memory import GrowingLayer

    chooser = Chooser(Taste(temperature=0.8, top_p=0.95, min_p=0.02), seed)
    cache = Cache(layer_class_to_replicate=GrowingLayer)
    fed, found = torch.tensor([ids]), []
    with torch.inference_mode():
        for place in range(length):
            logits = net(fed, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1].float()
            token, _ = chooser.choose(logits, [Place(0, place, None)])[0]
            found.append(token)
            fed = torch.tensor([[token]])
    return found


def child(path: str, precision: str, rounds: int) -> None:
    """In the measured process: both sides in turns; tells lists of CPU seconds."""
    import torch
    from _workplace import workplace
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from studio.core.events import Cancelled, Finished, Stepped
    from studio.core.request import ModelRef, Request

    torch.set_num_threads(1)
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    net = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, use_safetensors=True).eval()
    words = AutoTokenizer.from_pretrained(path)
    sentence = "The old sailor walked along the harbour and looked at the grey sea. "
    ids = words(sentence * 100)["input_ids"][:READ]

    def text_of(number: int) -> str:
        """About READ tokens that begin anew for every number, so that nothing of them is remembered."""
        return f"Story {number}. " + words.decode(ids)

    def bare(number: int, length: int) -> list[int]:
        return _written(net, words(text_of(number))["input_ids"], number, length)

    model = f"models/{Path(path).name}"
    found: dict[str, list[float]] = {}
    with workplace(Path(path).parent, precision=precision, threads=1, host=True) as place:
        known = place.models.get(model)
        assert known is not None, model

        def submit(number: int, length: int) -> str:
            place.events.clear()
            params = {"before": text_of(number), "length": length, "min_p": 0.02}
            request = Request("text.writer", params, seed=number, model=ModelRef(known.id, known.sha256))
            return str(place.engine.submit(request, again=True).id)

        def studio(number: int, length: int) -> None:
            job = submit(number, length)
            _, event = place.wait(lambda one: isinstance(one, (Finished, Cancelled)) and one.job_id == job)
            assert isinstance(event, Finished)

        def first(number: int, _length: int) -> None:
            """Until the first token is on the disk and told of."""
            job = submit(number, 1)
            place.wait(lambda one: isinstance(one, Stepped) and one.job_id == job)

        def host() -> float:
            return _seconds(place.workers[-1].pid)

        def both() -> float:
            return host() + time.process_time()

        studio(0, 1)  # starts the host
        for number in range(rounds + 1):
            for name, length in (("short", SHORT), ("long", LONG), ("first", 1)):
                mine = ("studio", first, both) if name == "first" else ("studio", studio, host)
                turns = [("bare", bare, time.process_time), mine]
                for side, work, clock in turns if number % 2 else turns[::-1]:
                    luck = number * 1000 + length
                    took, wall = _clocked(lambda work=work, luck=luck, length=length: work(luck, length), clock)
                    if work is first:
                        place.wait(lambda one: isinstance(one, Finished))
                    if number:  # the first round loads and warms up
                        found.setdefault(f"{side} {name}", []).append(took)
                        found.setdefault(f"{side} {name} wall", []).append(wall)
        over = [_after_cancel(place, submit(9000 + number, 1000)) for number in range(3)]
    tell(**found, over=over)


def _show(found: dict[str, list[float]]) -> bool:
    low = {name: sorted(rows)[len(rows) // 4] for name, rows in found.items()}
    good = True
    for clock, words in ((" wall", "ms    "), ("", "CPU ms")):
        bare, studio = (
            (low[f"{side} long{clock}"] - low[f"{side} short{clock}"]) / (LONG - SHORT) for side in ("bare", "studio")
        )
        speed = bare / studio
        said = f"   {speed:.3f} × as fast"
        if clock:
            good = good and speed >= GOAL_SPEED
            said += f" (goal {GOAL_SPEED}){'' if speed >= GOAL_SPEED else '  MISSED'}"
        print(f"    a token      {bare * 1e3:8.2f}{studio * 1e3:9.2f} {words}{said}")
    for clock, words in ((" wall", "ms    "), ("", "CPU ms")):
        bare, studio = low[f"bare first{clock}"], low[f"studio first{clock}"]
        said = f"   {studio / bare:.3f} × the time"
        if clock:
            good = good and studio / bare <= GOAL_FIRST
            said += f" (goal {GOAL_FIRST}){'' if studio / bare <= GOAL_FIRST else '  MISSED'}"
        print(f"    first token  {bare * 1e3:8.1f}{studio * 1e3:9.1f} {words}{said}")
    print(f"    tokens that came after Cancel: {', '.join(str(round(number)) for number in found['over'])}")
    return good


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    rounds = 2 if quick() else 6
    print(f"text: {machine()}, one thread; lower quarter of {PROCESSES} × {rounds} rounds: bare loop, Studio")
    good = True
    with surroundings() as environment, tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        for name, precision in (("tiny", "float32"), ("100m", "float32"), ("100m", "bfloat16")):
            path = save(Path(folder), name)
            call = f"text.child({str(path)!r}, {precision!r}, {rounds})"
            print(f"  {name}, {precision}, after {READ} tokens")
            found: dict[str, list[float]] = {}
            for _ in range(PROCESSES):
                for key, rows in figures_of(f"import text; {call}", environment, limit=3000).items():
                    found.setdefault(key, []).extend(rows)
            good = _show(found) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
