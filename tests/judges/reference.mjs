// Evaluates JSONata in its reference implementation. Reads a list of [expression, list of bindings]; writes, for each
// binding, ["value", value], ["undefined"] or ["error", message].
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import jsonata from "jsonata";

function prepare(text) {
  const expression = jsonata(text);
  // What Step Functions adds to the language.
  expression.registerFunction("parse", (json) => JSON.parse(json), "<s:x>");
  expression.registerFunction("hash", (data, algorithm) =>
    createHash(algorithm.replace("-", "").toLowerCase()).update(data).digest("hex"), "<ss:s>");
  return expression;
}

async function evaluate(expression, bindings) {
  try {
    const value = await expression.evaluate(undefined, bindings);
    return value === undefined ? ["undefined"] : ["value", value];
  } catch (error) {
    return ["error", `${error.code}: ${error.message}`];
  }
}

const results = [];
for (const [text, scopes] of JSON.parse(readFileSync(0, "utf8"))) {
  const expression = prepare(text);
  for (const bindings of scopes) results.push(await evaluate(expression, bindings));
}
process.stdout.write(JSON.stringify(results));
