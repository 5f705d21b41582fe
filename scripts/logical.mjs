// Rewrites the style sheets named on the command line with logical properties
// (margin-inline-start for margin-left), so that they also serve languages that
// are written from right to left. From left to right nothing changes.
import { readFileSync, writeFileSync } from "node:fs";

const ends = { left: "start", right: "end" };
const corners = {
  "top-left": "start-start",
  "top-right": "start-end",
  "bottom-right": "end-end",
  "bottom-left": "end-start",
};

// split cuts text at a character, but not within quotes or brackets.
function split(text, at) {
  const parts = [""];
  let depth = 0;
  let quote = "";
  for (const c of text) {
    if (quote) {
      if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    if (c === at && !depth && !quote) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts;
}

function sides(name, values, important) {
  const [top, right, bottom, left] = values;
  const prefix = name.startsWith("border-") ? "border-" : name;
  const suffix = name.startsWith("border-") ? name.slice("border".length) : "";
  const dash = prefix.endsWith("-") ? "" : "-";
  return [
    `${prefix}${dash}block${suffix}:${top} ${bottom}${important}`,
    `${prefix}${dash}inline${suffix}:${left} ${right}${important}`,
  ];
}

function logical(declaration) {
  const [name, ...rest] = split(declaration, ":");
  const whole = rest.join(":");
  const important = /!important$/.test(whole) ? " !important" : "";
  const value = whole.replace(/\s*!important$/, "");
  let m;
  if ((m = /^(margin|padding)-(left|right)$/.exec(name))) return [`${m[1]}-inline-${ends[m[2]]}:${whole}`];
  if ((m = /^border-(left|right)(-width|-color|-style)?$/.exec(name)))
    return [`border-inline-${ends[m[1]]}${m[2] ?? ""}:${whole}`];
  if (ends[name]) return [`inset-inline-${ends[name]}:${whole}`];
  if ((m = /^border-(top|bottom)-(left|right)-radius$/.exec(name)))
    return [`border-${corners[`${m[1]}-${m[2]}`]}-radius:${whole}`];
  if (name === "text-align" && ends[value]) return [`text-align:${ends[value]}${important}`];
  if ((name === "float" || name === "clear") && ends[value])
    return [declaration, `${name}:inline-${ends[value]}${important}`]; // the first is for older browsers
  const values = split(value, " ").filter(Boolean);
  if (values.length !== 4) return [declaration];
  if (/^(margin|padding|border-(width|color|style))$/.test(name) && values[1] !== values[3])
    return sides(name, values, important);
  if (name === "border-radius" && !value.includes("/") && (values[0] !== values[1] || values[2] !== values[3]))
    return ["start-start", "start-end", "end-end", "end-start"].map(
      (corner, i) => `border-${corner}-radius:${values[i]}${important}`,
    );
  return [declaration];
}

for (const file of process.argv.slice(2)) {
  const css = readFileSync(file, "utf8");
  const out = css.replace(/\{([^{}]*)\}/g, (_, body) => `{${split(body, ";").flatMap(logical).join(";")}}`);
  writeFileSync(file, out);
}
