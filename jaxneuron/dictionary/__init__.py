"""A dictionary: few features of many that write an activation as a sum of directions; how to read it, and its features.

    codes = chosen((x - centre) @ encoder + encoder_bias),   x is about codes @ decoder + decoder_bias

A sparse autoencoder writes a site by itself, a transcoder writes one site from another (what an MLP adds, from what it
reads). `attach` makes the features a site of a model, such as `block3/residual/features`: all that is asked of units
can then be asked of features. `folder` reads and writes the folders of SAELens. Dictionaries are learnt by
`jaxneuron.decompose`.
"""

from jaxneuron.dictionary._codes import Codes as Codes
from jaxneuron.dictionary._dictionary import KINDS as KINDS
from jaxneuron.dictionary._dictionary import Dictionary as Dictionary
from jaxneuron.dictionary._dictionary import check as check
from jaxneuron.dictionary._dictionary import decode as decode
from jaxneuron.dictionary._dictionary import encode as encode
from jaxneuron.dictionary._dictionary import reconstruct as reconstruct
from jaxneuron.dictionary._features import FEATURES as FEATURES
from jaxneuron.dictionary._features import Attached as Attached
from jaxneuron.dictionary._features import Featured as Featured
from jaxneuron.dictionary._features import attach as attach
from jaxneuron.dictionary._features import featured_step as featured_step
from jaxneuron.dictionary._highest import highest as highest
from jaxneuron.dictionary._highest import places as places
