from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch

from studio.api import StudioError
from studio.inference import schedulers
from studio.inference.schedulers_table import BY_NAME, CHOICES, SCHEDULERS
from studio.inference.tap import SchedulerTap, Tapped

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ORDINARY = [entry.name for entry in SCHEDULERS if entry.cls and not entry.flow]
NOISE_SCHEDULES: dict[str, dict[str, Any]] = {
    "SD": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    "cosine": {"beta_schedule": "squaredcos_cap_v2"},
    "zero terminal SNR": {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    },
}

# Noise prediction says nothing where there is only noise: with a zero terminal SNR no such models exist.
KINDS = [("v_prediction", schedule) for schedule in NOISE_SCHEDULES] + [("epsilon", "SD"), ("epsilon", "cosine")]


def own(prediction: str, schedule: str) -> Any:
    return diffusers.DDIMScheduler(
        **NOISE_SCHEDULES[schedule], prediction_type=prediction, clip_sample=False, set_alpha_to_one=True
    )


def level_of(scheduler: Any, timestep: Any) -> torch.Tensor:
    """The share of the picture's power at this step, as the scheduler sees it."""
    sigmas = getattr(scheduler, "sigmas", None)
    index = getattr(scheduler, "step_index", None)
    if sigmas is not None and len(sigmas) == scheduler.num_inference_steps + 1 and index is not None:
        return 1 / (1 + sigmas[index].double() ** 2)
    if sigmas is not None and "Heun" in type(scheduler).__name__:
        return 1 / (1 + sigmas[index].double() ** 2)
    return scheduler.alphas_cumprod[int(timestep)].double()


@pytest.mark.parametrize(("prediction", "schedule"), KINDS)
@pytest.mark.parametrize("name", ORDINARY)
def test_a_perfect_model_is_followed_to_its_picture(name: str, prediction: str, schedule: str) -> None:
    """A model that knows the one picture there is: every scheduler must arrive there, and the estimate of the clean
    picture must be that picture at every single step.
    """
    scheduler = schedulers.make(name, own(prediction, schedule))
    scheduler.set_timesteps(20)
    random = torch.Generator().manual_seed(0)
    picture = torch.randn(1, 4, 4, 4, generator=random)
    sample = torch.randn(1, 4, 4, 4, generator=random) * scheduler.init_noise_sigma
    seen: list[Tapped] = []
    with SchedulerTap(scheduler, seen.append):
        for timestep in scheduler.timesteps:
            given = scheduler.scale_model_input(sample, timestep)
            if getattr(scheduler, "step_index", 0) is None:
                scheduler._init_step_index(timestep)
            level = level_of(scheduler, timestep)
            noise = (given.double() - level.sqrt() * picture) / (1 - level).clamp(min=1e-12).sqrt()
            v = level.sqrt() * noise - (1 - level).sqrt() * picture
            output = (noise if prediction == "epsilon" else v).float()
            options = {"generator": random} if BY_NAME[name].noisy else {}
            sample = scheduler.step(output, timestep, sample, **options).prev_sample
    assert len(seen) == len(scheduler.timesteps)
    assert torch.isfinite(sample).all()
    last = 0.05 if name == "ddpm" else 0.02  # DDPM ends one small step before the end
    assert (sample - picture).abs().max() < last
    for tapped in seen:
        assert tapped.clean is not None
        # Close to pure noise a noise prediction in fp32 leaves only some digits of the picture.
        loose = 0.5 if prediction == "epsilon" else 0.02
        assert (tapped.clean - picture).abs().max() < loose, f"at {tapped.timestep}"


@pytest.mark.parametrize("schedule", ["cosine", "zero terminal SNR"])
def test_no_scheduler_wastes_its_steps_on_pure_noise(schedule: str) -> None:
    for name in ("euler", "euler_a", "dpmpp_2m", "dpmpp_2m_karras", "dpmpp_2m_sde_karras", "unipc", "heun"):
        scheduler = schedulers.make(name, own("v_prediction", schedule))
        scheduler.set_timesteps(20)
        assert float(scheduler.sigmas.max()) < 2 * schedulers.SIGMA_CAP, name
    sd = schedulers.make("euler", own("epsilon", "SD"))
    assert float(sd.sigmas.max()) == pytest.approx(14.6, abs=0.1)


def test_automatic_is_the_models_own_kind_made_anew() -> None:
    model = own("v_prediction", "cosine")
    made = schedulers.make("auto", model)
    assert type(made) is diffusers.DDIMScheduler
    assert made is not model
    assert made.config["prediction_type"] == "v_prediction"
    flow = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    assert schedulers.make("auto", flow).config["shift"] == 3.0
    assert schedulers.make("flow_euler", flow).config["shift"] == 3.0


def test_schedulers_that_do_not_fit_the_model_are_refused() -> None:
    flow = diffusers.FlowMatchEulerDiscreteScheduler()
    for name in ORDINARY:
        with pytest.raises(StudioError, match="flow model"):
            schedulers.make(name, flow)
    with pytest.raises(StudioError, match="flow-matching models only"):
        schedulers.make("flow_euler", own("epsilon", "SD"))
    with pytest.raises(StudioError, match="no scheduler called"):
        schedulers.make("magic", flow)


def test_every_choice_names_a_class_that_is_there() -> None:
    assert [choice.value for choice in CHOICES] == [entry.name for entry in SCHEDULERS]
    for entry in SCHEDULERS:
        assert not entry.cls or hasattr(diffusers, entry.cls)


def test_flow_matching_is_estimated_too() -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(5)
    random = torch.Generator().manual_seed(0)
    picture, noise = torch.randn(2, 1, 4, 4, 4, generator=random)
    sample = noise
    seen: list[Tapped] = []
    with SchedulerTap(scheduler, seen.append):
        for timestep in scheduler.timesteps:
            sample = scheduler.step(noise - picture, timestep, sample, return_dict=False)[0]
    assert torch.allclose(sample, picture, atol=1e-5)
    assert all(tapped.clean is not None and torch.allclose(tapped.clean, picture, atol=1e-5) for tapped in seen)


def test_a_scheduler_can_be_copied_while_it_is_tapped() -> None:
    from copy import deepcopy

    scheduler = schedulers.make("ddim", own("epsilon", "SD"))
    before = type(scheduler)
    with SchedulerTap(scheduler, lambda tapped: None):
        deepcopy(scheduler)
        assert type(scheduler).__name__ == before.__name__
        assert isinstance(scheduler, before)
    assert type(scheduler) is before


def test_sixteen_bits_do_not_add_up_over_the_steps() -> None:
    """Between steps the pipeline holds rounded latents; the tap goes on from the exact ones."""

    def walk(dtype: torch.dtype, tapped: bool) -> torch.Tensor:
        scheduler = schedulers.make("ddim", own("epsilon", "SD"))
        scheduler.set_timesteps(50)
        random = torch.Generator().manual_seed(0)
        sample = torch.randn(1, 4, 8, 8, generator=random).to(dtype)
        direction = torch.randn(1, 4, 8, 8, generator=random).to(torch.bfloat16)
        tap = SchedulerTap(scheduler, lambda _: None)
        if tapped:
            tap.__enter__()
        for timestep in scheduler.timesteps:
            sample = scheduler.step(direction.to(dtype), timestep, sample, return_dict=False)[0]
        last = tap.exact(sample).float()
        if tapped:
            tap.__exit__(None, None, None)
        return last

    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    assert start.dtype == torch.bfloat16
    full = walk(torch.float32, tapped=False)
    bare = (walk(torch.bfloat16, tapped=False) - full).abs().mean()
    kept = (walk(torch.bfloat16, tapped=True) - full).abs().mean()
    assert kept < bare / 2
