"""The schedulers an artist can choose from, as plain data: params and importers read it without loading torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from studio.api import Choice, frozen


@frozen
class SchedulerEntry:
    """One choice. `cls` is the name of a diffusers class ("" = the model's own), `options` what it is made with.

    `flow` marks the ones for flow-matching models; the others are for models that predict noise, x0 or v. `noisy` is
    true where every step draws new noise. `names` are what other programs call it, lower case, their word for the
    noise schedule last where it matters ("dpm++ 2m karras").
    """

    name: str
    label: str
    help: str
    cls: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    flow: bool = False
    noisy: bool = False
    a1111: str = ""
    names: tuple[str, ...] = ()


def _options(**options: Any) -> Mapping[str, Any]:
    return MappingProxyType(options)


SCHEDULERS: tuple[SchedulerEntry, ...] = (
    SchedulerEntry("auto", "Automatic", "The one the model was made for."),
    SchedulerEntry(
        "ddim",
        "DDIM",
        "Smooth and predictable; the same seed keeps its composition when you change the steps.",
        "DDIMScheduler",
        a1111="DDIM",
        names=("ddim", "ddim cfg++"),
    ),
    SchedulerEntry(
        "euler",
        "Euler",
        "Simple and quick; soft pictures, good from 20 steps.",
        "EulerDiscreteScheduler",
        a1111="Euler",
        names=("euler", "k_euler", "sample_euler"),
    ),
    SchedulerEntry(
        "euler_a",
        "Euler ancestral",
        "Adds fresh noise at every step: livelier, and different with every number of steps.",
        "EulerAncestralDiscreteScheduler",
        noisy=True,
        a1111="Euler a",
        names=("euler a", "euler_a", "euler_ancestral", "k_euler_a", "k_euler_ancestral"),
    ),
    SchedulerEntry(
        "dpmpp_2m",
        "DPM++ 2M",
        "Sharp pictures in few steps.",
        "DPMSolverMultistepScheduler",
        _options(algorithm_type="dpmsolver++", solver_order=2, use_karras_sigmas=False),
        a1111="DPM++ 2M",
        names=("dpm++ 2m", "dpmpp_2m", "k_dpmpp_2m"),
    ),
    SchedulerEntry(
        "dpmpp_2m_karras",
        "DPM++ 2M Karras",
        "As DPM++ 2M, with more of its steps spent on fine detail.",
        "DPMSolverMultistepScheduler",
        _options(algorithm_type="dpmsolver++", solver_order=2, use_karras_sigmas=True),
        a1111="DPM++ 2M Karras",
        names=("dpm++ 2m karras", "dpmpp_2m_k", "dpmpp_2m karras", "dpmpp_2m_karras"),
    ),
    SchedulerEntry(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        "Adds fresh noise at every step: rich texture; wants 25 steps or more.",
        "DPMSolverMultistepScheduler",
        _options(algorithm_type="sde-dpmsolver++", solver_order=2, use_karras_sigmas=False),
        noisy=True,
        a1111="DPM++ 2M SDE",
        names=("dpm++ 2m sde", "dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "dpm++ 2m sde heun"),
    ),
    SchedulerEntry(
        "dpmpp_2m_sde_karras",
        "DPM++ 2M SDE Karras",
        "As DPM++ 2M SDE, with more of its steps spent on fine detail.",
        "DPMSolverMultistepScheduler",
        _options(algorithm_type="sde-dpmsolver++", solver_order=2, use_karras_sigmas=True),
        noisy=True,
        a1111="DPM++ 2M SDE Karras",
        names=("dpm++ 2m sde karras", "dpmpp_2m_sde_k", "dpmpp_2m_sde karras", "dpmpp_2m_sde_gpu karras"),
    ),
    SchedulerEntry(
        "unipc",
        "UniPC",
        "Good pictures in very few steps: try 10.",
        "UniPCMultistepScheduler",
        _options(solver_order=2, use_karras_sigmas=False),
        a1111="UniPC",
        names=("unipc", "uni_pc", "uni_pc_bh2"),
    ),
    SchedulerEntry(
        "heun",
        "Heun",
        "Careful: every step takes twice as long as Euler's and lands closer.",
        "HeunDiscreteScheduler",
        a1111="Heun",
        names=("heun", "k_heun"),
    ),
    SchedulerEntry(
        "lcm",
        "LCM",
        "For models distilled to work in 4 to 8 steps, with a guidance of 1 to 2.",
        "LCMScheduler",
        noisy=True,
        a1111="LCM",
        names=("lcm",),
    ),
    SchedulerEntry(
        "ddpm",
        "DDPM",
        "The original way: fresh noise at every step; wants many steps.",
        "DDPMScheduler",
        noisy=True,
        a1111="DDPM",
        names=("ddpm",),
    ),
    SchedulerEntry(
        "flow_euler",
        "Flow-match Euler",
        "For flow-matching models (Stable Diffusion 3, Flux and the like) only.",
        "FlowMatchEulerDiscreteScheduler",
        flow=True,
        a1111="Euler",
        names=("flow-match euler", "flow_euler", "flowmatch euler"),
    ),
)

BY_NAME: Mapping[str, SchedulerEntry] = MappingProxyType({entry.name: entry for entry in SCHEDULERS})

CHOICES: tuple[Choice, ...] = tuple(Choice(entry.name, entry.label, entry.help) for entry in SCHEDULERS)


def from_foreign(sampler: str, schedule: str = "") -> str:
    """Our name for what another program calls a sampler and its noise schedule, or "" where we have none.

    `schedule` is A1111's "Schedule type" or ComfyUI's "scheduler" ("karras", "normal", "Automatic", …).
    """
    word = " ".join(sampler.lower().split())[:60]
    karras = "karras" in schedule.lower()
    known = {name: entry.name for entry in SCHEDULERS for name in (entry.label.lower(), *entry.names)}
    if karras and f"{word} karras" in known:
        return known[f"{word} karras"]
    return known.get(word, "")
