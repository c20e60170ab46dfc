"""The counter-based generator against an independent implementation, published values, and what chance allows."""

import itertools
import math
import weakref

import pytest
import torch

from regexp import rng
from regexp.stack.noise import AT_ONCE, STEPS_AT_ONCE, Draws, Stream
from support import CPU

MASK = (1 << 64) - 1
PURPOSES = ("order", "dropout", "init")


def splitmix64(state, count):
    """Vigna's reference code, in integers of unlimited size."""
    out = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        out.append(z ^ (z >> 31))
    return out


def unsigned(bits):
    return [number & MASK for number in bits.tolist()]


def test_published_values():
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(1234567, 5) == published
    assert unsigned(rng.bits(torch.tensor(1234567), 0, 5)) == published


@pytest.mark.parametrize("key", [0, 1, -1, 2**63 - 1, -(2**63), rng.key(3, "dropout", "hidden", 1)])
@pytest.mark.parametrize("step", [0, 1, 12345, 2**31])
def test_every_key_and_step_against_the_reference(key, step):
    start = (key + step * (1 << 32) * 0x9E3779B97F4A7C15) & MASK
    assert unsigned(rng.bits(torch.tensor(key), step, 7)) == splitmix64(start, 7)


def test_streams_do_not_depend_on_their_neighbours_or_on_how_much_is_drawn():
    keys = rng.keys([5, 0, 9], "order", device=CPU)
    together = rng.bits(keys, 3, 50)
    for key, row in zip(keys, together, strict=True):
        assert torch.equal(rng.bits(key, 3, 50), row)
        assert torch.equal(rng.bits(key, 3, 20), row[:20])


def test_keys_differ_by_seed_and_by_purpose():
    names = itertools.product(range(100), [(p,) for p in PURPOSES] + [("dropout", "hidden", i) for i in range(5)])
    keys = [rng.key(seed, *purpose) for seed, purpose in names]
    assert len(set(keys)) == len(keys)
    assert rng.key(1, "a", 2) != rng.key(1, "a", "2")


def test_bytes_are_uniform():
    bits = rng.bits(rng.keys(list(range(8)), "dropout", device=CPU), 17, 20_000)
    for row in bits.view(torch.uint8).view(8, -1, 8).unbind(2):  # each of the eight bytes of a number
        counts = torch.bincount(row.flatten().long(), minlength=256)
        expected = row.numel() / 256
        chi_square = ((counts - expected) ** 2 / expected).sum().item()
        assert abs(chi_square - 255) < 5 * math.sqrt(2 * 255)


def correlation(a, b):
    return torch.corrcoef(torch.stack([a.double().flatten(), b.double().flatten()]))[0, 1].item()


def test_streams_of_other_seeds_purposes_and_steps_are_uncorrelated():
    count = 10_000
    streams = [
        rng.bits(torch.tensor(rng.key(seed, purpose)), step, count)
        for seed, purpose, step in itertools.product((0, 1), ("order", "dropout"), (1, 2))
    ]
    streams.append(streams[0].roll(1))
    for a, b in itertools.combinations(streams, 2):
        assert abs(correlation(a, b)) < 5 / math.sqrt(count)
        matching_bits = torch.tensor([bin(x ^ y).count("1") for x, y in zip(unsigned(a), unsigned(b), strict=True)])
        assert abs(matching_bits.double().mean().item() - 32) < 5 * 4 / math.sqrt(count)  # 64 coins: standard deviation 4


def test_sixteenths_are_uniform_in_every_lane():
    draws = Draws(rng.keys([0, 1], "dropout", device=CPU), step=3, runs=4)
    numbers = draws.sixteenths(100, 403)
    assert numbers.shape == (4, 100, 403)
    assert torch.equal(numbers[0], numbers[1])
    assert torch.equal(numbers[2], numbers[3])
    assert not torch.equal(numbers[0], numbers[2])
    for lane in range(4):
        uniform = (numbers[::2].flatten(1)[:, lane::4].double() + 2**15 + 0.5) / 2**16
        error = 1 / math.sqrt(12 * uniform.numel())
        assert abs(uniform.mean().item() - 0.5) < 5 * error
        assert abs((uniform < 0.1).double().mean().item() - 0.1) < 5 * math.sqrt(0.09 / uniform.numel())


@pytest.mark.parametrize("count", [3, AT_ONCE // 50, AT_ONCE], ids=["few", "some", "many"])
def test_a_stream_gives_the_bits_of_every_step_in_any_order(count):
    """Steps drawn at once, the last batch of an epoch, which is smaller, and a training that goes on elsewhere."""
    keys = rng.keys([4, 1, 9], "dropout", device=CPU)
    stream = Stream(keys)
    for step, wanted in [(1, count), (2, count), (2, 2), (3, count), (STEPS_AT_ONCE + 2, count), (2, count), (2, count + 1)]:
        assert torch.equal(stream.bits(step, wanted), rng.bits(keys, step, wanted))
    for shape in [(1, 7), (3, 5)]:
        ahead, alone = (Draws(keys, 2, 6, source) for source in (stream, None))
        assert torch.equal(ahead.sixteenths(*shape), alone.sixteenths(*shape))
        assert torch.equal(ahead.normals(*shape, dtype=torch.float64), alone.normals(*shape, dtype=torch.float64))


@pytest.mark.parametrize("units, calls", [(1, 4), (5, 4), (AT_ONCE // 36, 5), (AT_ONCE, 7)], ids=["one", "few", "some", "many"])
def test_what_is_made_for_several_steps_is_what_a_step_makes_alone(units, calls):
    """Where runs share a stream, with smaller batches between, and by two functions in turn."""
    keys, own = rng.keys([4, 1, 9], "dropout", device=CPU), torch.arange(6.0)[:, None, None]
    stream, made = Stream(keys), []

    def raised(drawn):
        made.append(drawn)
        return drawn.float().add_(own)

    for make in (raised, torch.abs):
        for step, batch in [(1, 8), (2, 8), (3, 7), (4, 8), (STEPS_AT_ONCE + 2, 3), (STEPS_AT_ONCE + 3, 8), (2, 9)]:
            ahead, alone = (Draws(keys, step, 6, source).ahead(make, batch, units) for source in (stream, None))
            assert ahead.shape == (6, batch, units)
            assert torch.equal(ahead, alone)
    assert len(made) == 7 + calls


def test_a_new_function_in_every_step_does_not_fill_the_memory():
    keys = rng.keys([4], "dropout", device=CPU)
    stream, made = Stream(keys), []
    for step in range(100):
        made.append(weakref.ref(Draws(keys, step, 1, stream).ahead(lambda drawn: drawn.float(), 4, 4)))
    assert sum(tensor() is not None for tensor in made) < 20


def test_orders_are_permutations_and_all_equally_likely():
    keys = rng.keys(list(range(300)), "order", device=CPU)
    counts = dict.fromkeys(itertools.permutations(range(4)), 0)
    for order in rng.orders(keys, range(7, 47), 4).flatten(0, 1).tolist():
        counts[tuple(order)] += 1
    expected = 300 * 40 / 24
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert abs(chi_square - 23) < 5 * math.sqrt(2 * 23)


def test_an_epochs_order_does_not_depend_on_the_epochs_drawn_with_it():
    keys = rng.keys([4, 1], "order", device=CPU)
    many = rng.orders(keys, range(3, 9), 10)
    for step, together in zip(range(3, 9), many, strict=True):
        assert torch.equal(rng.orders(keys[1:], range(step, step + 1), 10)[0, 0], together[1])


def test_a_seeded_block_gives_the_global_generator_back():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with rng.seeded(0, "init"):
        inside = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    with rng.seeded(0, "init"):
        assert torch.equal(torch.rand(3), inside)
    with rng.seeded(1, "init"):
        assert not torch.equal(torch.rand(3), inside)


def test_a_seeded_block_gives_the_generator_back_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), rng.seeded(0, "init"):
        torch.rand(3)
        1 / 0  # noqa: B018
    assert torch.equal(torch.get_rng_state(), before)
