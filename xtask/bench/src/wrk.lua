-- Asks with so many requests at once on each connection, and prints what the benchmark program reads.

local batch = nil

function init(arguments)
  local request = wrk.format("GET", wrk.path)
  batch = string.rep(request, tonumber(arguments[1]) or 1)
end

function request()
  return batch
end

function done(summary, latency, requests)
  local errors = summary.errors
  local sum = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    "RESULT %d %d %d %d %d %d\n",
    summary.requests,
    summary.duration,
    latency:percentile(50),
    latency:percentile(99),
    latency:percentile(99.9),
    sum
  ))
end
