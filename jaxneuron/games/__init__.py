"""A score as a game of its features: who is present keeps the value in x, who is absent takes the baseline's.

A *player* is a feature or a group of features, a *coalition* the set of players that are present. What all coalitions
score is one table; Shapley values and every index of interaction are weighted sums over it:

    I(S) = sum over T without S of  weight(|T|) * sum over W within S of (-1)^(|S| - |W|) v(T + W)

(Grabisch and Roubens 1999, "An axiomatic approach to the concept of interaction among players in cooperative games"),
which is how they are computed: the weights of one index sum to 1, so nothing cancels, even in float32.
"""

from jaxneuron.games._game import Game as Game
from jaxneuron.games._game import Score as Score
from jaxneuron.games._game import collect as collect
from jaxneuron.games._game import game as game
from jaxneuron.games._game import spread as spread
from jaxneuron.games._sweep import sweep as sweep
from jaxneuron.games._table import EXACT as EXACT
from jaxneuron.games._table import check_exact as check_exact
from jaxneuron.games._table import coalitions as coalitions
from jaxneuron.games._table import index as index
from jaxneuron.games._table import moebius as moebius
from jaxneuron.games._table import play as play
from jaxneuron.games._table import table as table
