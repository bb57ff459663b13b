# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced, after json.sh: whether the outputs of one run of pair agree with each other, and its barriers with their definitions.

# contradictions JSON CSV TABLE: prints what contradicts the JSON file in itself, in the CSV file, and in the table of standard output.
contradictions() {
  json_lines "$1" | awk -v csv="$2" -v table="$3" '
    function wrong(text) { print text }
    function near(name, got, expected, tolerance) {
      if (!(got - expected <= tolerance && expected - got <= tolerance)) wrong(name " is " got ", expected " expected)
    }
    function chord(part, metric, i) {
      return (1 - alpha[i]) * curve[part, metric, 0] + alpha[i] * curve[part, metric, last]
    }
    function check_barriers(part,   b, i, above, high, at, best, mean, loss_mean, most, loss_most, rise, loss_rise) {
      b = "barrier." part "."
      mean = (curve[part, "error", 0] + curve[part, "error", last]) / 2
      loss_mean = (curve[part, "loss", 0] + curve[part, "loss", last]) / 2
      best = most = loss_most = -1
      rise = loss_rise = 0
      for (i = 0; i <= last; ++i) {
        above = curve[part, "error", i] - chord(part, "error", i)
        if (above > rise) rise = above
        if (curve[part, "error", i] > most) { most = curve[part, "error", i]; at = above }
        above = curve[part, "loss", i] - chord(part, "loss", i)
        if (above > loss_rise) loss_rise = above
        if (curve[part, "loss", i] > loss_most) loss_most = curve[part, "loss", i]
        if (alpha[i] == 0.5) near(b "midpoint", value[b "midpoint"], curve[part, "error", i] - mean, 1e-12)
        count = curve[part, "error", i] * value["examples." part]
        near(part " error times examples", count, int(count + 0.5), 1e-6)
      }
      near(b "error", value[b "error"], rise, 1e-12)
      near(b "normalized", value[b "normalized"], rise / (1 - mean), 1e-12)
      near(b "loss", value[b "loss"], loss_rise, 1e-12)
      near(b "loss_normalized", value[b "loss_normalized"], loss_rise / loss_mean, 1e-12)
      near(b "instability", value[b "instability"], most - mean, 1e-12)
      near(b "git_rebasin", value[b "git_rebasin"], loss_most - loss_mean, 1e-12)
      near(b "argmax", value[b "argmax"], at, 1e-12)
      for (i = 0; i <= last; ++i) {
        if (alpha[i] == value[b "alpha"]) near(b "alpha", curve[part, "error", i] - chord(part, "error", i), rise, 1e-12)
        if (alpha[i] == value[b "loss_alpha"]) near(b "loss_alpha", curve[part, "loss", i] - chord(part, "loss", i), loss_rise, 1e-12)
      }
      if (!(0 <= value[b "interval_low"] && value[b "interval_low"] <= rise && rise <= value[b "interval_high"]))
        wrong(b "interval does not contain the barrier")
      if (value[b "verdict"] != (value[b "interval_high"] < 0.02 ? "connected" : value[b "interval_low"] > 0.02 ? "broken" : "undecided"))
        wrong(b "verdict is " value[b "verdict"])
    }
    { path = $1; sub(/^[^ ]* /, ""); value[path] = $0 ~ /^-?[0-9.]+(e[-+][0-9]+)?$/ ? $0 + 0 : $0 }
    END {
      for (last = -1; ("curve." last + 1 ".alpha") in value; ++last) alpha[last + 1] = value["curve." last + 1 ".alpha"]
      split("train test", parts); split("loss error", metrics)
      for (i = 0; i <= last; ++i) for (p = 1; p <= 2; ++p) for (m = 1; m <= 2; ++m)
        curve[parts[p], metrics[m], i] = value["curve." i "." parts[p] "." metrics[m]]
      for (p = 1; p <= 2; ++p) {
        for (m = 1; m <= 2; ++m) {
          near("endpoint 0", value["endpoints.0." parts[p] "." metrics[m]], curve[parts[p], metrics[m], 0], 0)
          near("endpoint 1", value["endpoints.1." parts[p] "." metrics[m]], curve[parts[p], metrics[m], last], 0)
        }
        check_barriers(parts[p])
      }
      images = 2 * value["training.epochs"] * value["examples.train"]
      near("images", value["images_per_second"] * value["seconds.train"], images, 1e-6 * images)

      getline line < csv
      if (line != "alpha,train_loss,train_error,test_loss,test_error") wrong("the header of " csv " is " line)
      for (rows = 0; (getline line < csv) > 0; ++rows) {
        split(line, field, ",")
        near("alpha in " csv, field[1] + 0, alpha[rows], 0)
        for (p = 1; p <= 2; ++p) for (m = 1; m <= 2; ++m)
          near(parts[p] " " metrics[m] " in " csv, field[2 * p + m - 1] + 0, curve[parts[p], metrics[m], rows], 0)
      }
      near("rows of " csv, rows, last + 1, 0)

      of["error, first run"] = "endpoints.0.PART.error"; of["error, second run"] = "endpoints.1.PART.error"
      of["loss, first run"] = "endpoints.0.PART.loss"; of["loss, second run"] = "endpoints.1.PART.loss"
      of["error barrier"] = "barrier.PART.error"; of["  at alpha"] = "barrier.PART.alpha"; of["loss barrier"] = "barrier.PART.loss"
      of["instability"] = "barrier.PART.instability"; of["Git Re-Basin"] = "barrier.PART.git_rebasin"
      of["arg-max convention"] = "barrier.PART.argmax"; of["midpoint"] = "barrier.PART.midpoint"
      for (found = stored = normalized = 0; (getline line < table) > 0;) {
        name = substr(line, 1, 26); sub(/ +$/, "", name)
        if (name == "  at 0.02 the pair is" || name == "  95 % interval") {
          ++found
          for (p = 1; p <= 2; ++p) {
            text = substr(line, 9 + 18 * p, 18); gsub(/^ +| +$/, "", text)
            b = "barrier." parts[p] "."
            expected = name ~ /interval/ ? sprintf("[%.4f, %.4f]", value[b "interval_low"], value[b "interval_high"]) : value[b "verdict"]
            if (text != expected) wrong(name " in the table is " text ", expected " expected)
          }
          continue
        }
        if (name == "  with stored statistics") path = "endpoints." stored++ ".stored_statistics.PART.error"
        else if (name == "  normalized") path = "barrier.PART." (normalized++ ? "loss_normalized" : "normalized")
        else if (name in of) path = of[name]
        else continue
        ++found
        for (p = 1; p <= 2; ++p) {
          column = path; sub(/PART/, parts[p], column)
          if (!(column in value)) wrong("the JSON file has no " column)
          near(name " in the table", substr(line, 9 + 18 * p, 18) + 0, value[column], 5.1e-5)  # four digits
        }
      }
      if (found - stored != 15) wrong("the table has " found - stored " of 15 rows")
    }'
}
