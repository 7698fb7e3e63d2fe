"""A renewal that is cut off between ANAF's answer and the store: told in full, never silently."""

import pytest

from workers_anaf import login
from workers_anaf.oauth import LoginRequiredError, TokenEndpointError

CUT = "was never stored"


async def lose_the_answer(replica, sandbox):
    sandbox.control.scenario("reset-mid-body", operation="token")
    with pytest.raises(TokenEndpointError):
        await replica.keeper.access_token()


async def test_lost_answer_and_refusal_after_it_say_what_happened(make_replica, sandbox):
    one, two = await make_replica(), await make_replica()
    await lose_the_answer(one, sandbox)
    # The token is used up at ANAF, and what it gave is gone.
    with pytest.raises(LoginRequiredError, match=CUT):
        await two.keeper.access_token()
    assert CUT in str(await one.keeper.problem())
    lost = await one.keeper.lost()
    assert lost.unsaved_since is not None
    # Never a loop: nobody asks ANAF again.
    asked = len(sandbox.control.requests("token"))
    for replica in (one, two, await make_replica()):
        with pytest.raises(LoginRequiredError, match=CUT):
            await replica.keeper.access_token()
    assert len(sandbox.control.requests("token")) == asked


async def test_if_anaf_still_takes_the_token_all_is_well(make_replica, sandbox):
    one, two = await make_replica(read_seconds=0.3), await make_replica()
    sandbox.control.scenario("timeout-before-acceptance", operation="token", seconds=1)
    with pytest.raises(TokenEndpointError):
        await one.keeper.access_token()
    assert await two.keeper.access_token() == await one.keeper.access_token()
    assert await two.keeper.lost() is None
    # What was noted of the old token does not explain a later loss.
    sandbox.control.scenario("refresh-token-expired")
    with pytest.raises(LoginRequiredError) as told:
        await two.keeper.renew(await two.keeper.access_token())
    assert CUT not in str(told.value)
    assert (await two.keeper.lost()).unsaved_since is None


async def test_refusal_without_any_cut_is_told_without_one(replica, sandbox):
    sandbox.control.scenario("refresh-token-expired")
    with pytest.raises(LoginRequiredError) as told:
        await replica.keeper.access_token()
    assert CUT not in str(told.value)


async def test_question_that_never_left_or_was_refused_leaves_no_doubt(
    make_replica, sandbox, monkeypatch
):
    replica = await make_replica()
    with monkeypatch.context() as patch:
        patch.setattr(login, "PATH", "/nowhere")  # 404: not the token endpoint
        with pytest.raises(TokenEndpointError):
            await replica.keeper.access_token()
    sandbox.control.scenario("refresh-token-expired")
    with pytest.raises(LoginRequiredError) as told:
        await replica.keeper.access_token()
    assert CUT not in str(told.value)


async def test_certain_answer_does_not_take_back_an_older_doubt(make_replica, sandbox, monkeypatch):
    one, two = await make_replica(), await make_replica()
    await lose_the_answer(one, sandbox)
    with monkeypatch.context() as patch:
        patch.setattr(login, "PATH", "/nowhere")
        with pytest.raises(TokenEndpointError):
            await two.keeper.access_token()
    with pytest.raises(LoginRequiredError, match=CUT):
        await two.keeper.access_token()
