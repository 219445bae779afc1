// Which units are on throughout a stretch of text, and where else are they on together?
// After H. Strobelt, S. Gehrmann, H. Pfister and A. M. Rush (2018), "LSTMVis: A Tool for Visual Analysis of Hidden State
// Dynamics in Recurrent Neural Networks", arXiv:1606.07461. A threshold is a share of the words as well as a value here.
atlas.part(function match(atlas) {
  "use strict";

  // The values of a site at every word of the texts, read file by file as they are needed.
  atlas.values = async (manifest, site, texts) => {
    const { units, files } = manifest.values[site];
    const folder = `texts/${manifest.values[site].folder}`;
    const { low, step, mean, levels, quantiles } = await atlas.json(`${folder}/scale`);
    const read = new Map();
    const codes = async (file) => {
      if (!read.has(file)) read.set(file, atlas.bytes(`${folder}/${file}`).then((bytes) => new Uint16Array(bytes)));
      return read.get(file);
    };
    const of = async (text) => {
      const file = files.findIndex(([first, last]) => first <= text && text < last);
      const part = await codes(file);
      let row = 0;
      for (let i = files[file][0]; i < text; i++) row += texts.tokens[i].length;
      return { length: texts.tokens[text].length, at: (word, unit) => low[unit] + step[unit] * part[(row + word) * units + unit] };
    };
    const spread = (unit) => ({ levels, quantiles: quantiles[unit], minimum: quantiles[unit][0], maximum: quantiles[unit].at(-1),
      mean: { value: mean[unit] } });
    return { units, levels, of, spread, at: (unit, level) => quantiles[unit][level] };
  };

  // Units of which every value in [first, last] is at least their threshold; `alone`: and is not just before and after.
  // A unit that hardly varies in these texts is none: its threshold is its smallest value.
  atlas.on = (values, text, first, last, threshold, alone) => {
    const found = [];
    for (let unit = 0; unit < values.units; unit++) {
      const least = threshold(unit);
      if (values.at(unit, 0) >= least) continue;
      let sum = 0, on = true;
      for (let word = first; on && word <= last; word++) {
        const value = text.at(word, unit);
        on = value >= least;
        sum += value;
      }
      const beside = alone && ((first > 0 && text.at(first - 1, unit) >= least) || (last + 1 < text.length && text.at(last + 1, unit) >= least));
      if (on && !beside) found.push({ unit, mean: sum / (last - first + 1), rank: atlas.below(values.spread(unit), sum / (last - first + 1)) });
    }
    return found.sort((a, b) => b.rank - a.rank || a.unit - b.unit);
  };

  // The best stretch of each text, as long as the one asked for: the first throughout which most of the units are on,
  // and at least half of them.
  atlas.matches = async (values, texts, units, length, threshold, skip, most = 30) => {
    const found = [];
    const least = units.map(threshold);
    for (let number = 0; number < texts.tokens.length; number++) {
      const text = await values.of(number);
      let best = null;
      for (let first = 0; first + length <= text.length; first++) {
        if (skip.text === number && first <= skip.last && first + length > skip.first) continue;
        const on = units.filter((unit, i) => {
          for (let word = first; word < first + length; word++) if (text.at(word, unit) < least[i]) return false;
          return true;
        });
        if (on.length && (!best || on.length > best.on.length)) best = { text: number, first, last: first + length - 1, on };
      }
      if (best) found.push(best);
    }
    return found.filter((one) => 2 * one.on.length >= units.length).sort((a, b) => b.on.length - a.on.length || a.text - b.text).slice(0, most);
  };
});
