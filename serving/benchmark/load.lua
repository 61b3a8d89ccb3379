-- Posts the pictures named after `--` in turn, and reports as one line of JSON.

local requests, turn = {}, 0

function init(files)
  for _, name in ipairs(files) do
    local file = assert(io.open(name, "rb"))
    requests[#requests + 1] = wrk.format("POST", "/invocations", { ["Content-Type"] = "image/jpeg" }, file:read("*a"))
    file:close()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d, "timed_out": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.status, e.connect + e.read + e.write, e.timeout))
end
