"""The rows that Python's asyncio can do, each as the Rust program does it, with less of the same work.

usage: rows.py <loop> run <row> <divisor>     prints the row's figures
       rows.py <loop> serve <buffer bytes>    an echo server that answers each line of its input with counters
"""

import asyncio
import os
import resource
import socket
import sys
import threading
import time

PENDING = []


def cpu_ns():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime * 1e9), int(used.ru_stime * 1e9)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def ready(number):
    return number


async def per(count, body):
    """Nanoseconds of each of `count` rounds of `body`, after a tenth of them to warm up."""
    await body(max(1, count // 10))
    start = time.perf_counter_ns()
    await body(count)
    return [(time.perf_counter_ns() - start) / count]


async def spawn_await(scale):
    async def body(count):
        for number in range(count):
            assert await asyncio.create_task(ready(number)) == number

    return await per(scale(500_000), body)


async def spawn_many(scale):
    async def body(batches):
        for _ in range(batches):
            tasks = [asyncio.create_task(ready(number)) for number in range(10_000)]
            total = 0
            for task in tasks:
                total += await task
            assert total == 10_000 * 9_999 // 2

    [ns] = await per(scale(60), body)
    return [ns / 10_000]


async def spawn_chain(scale):
    async def body(count):
        end = asyncio.get_running_loop().create_future()
        alive = set()

        async def link(left):
            if left == 0:
                end.set_result(None)
            else:
                task = asyncio.create_task(link(left - 1))
                alive.add(task)
                task.add_done_callback(alive.discard)

        first = asyncio.create_task(link(count))
        await end
        await first

    return await per(scale(1_000_000), body)


async def yield_one(scale):
    async def body(count):
        for _ in range(count):
            await asyncio.sleep(0)

    return await per(scale(1_000_000), body)


async def yield_many(scale):
    async def body(each):
        async def yielding():
            for _ in range(each):
                await asyncio.sleep(0)

        await asyncio.gather(*(yielding() for _ in range(1_000)))

    [ns] = await per(scale(3_000), body)
    return [ns / 1_000]


async def ping_pong(scale):
    async def body(count):
        there, back = asyncio.Queue(1), asyncio.Queue(1)

        async def echo():
            for _ in range(count):
                await back.put(await there.get() + 1)

        task = asyncio.create_task(echo())
        for number in range(count):
            await there.put(number)
            assert await back.get() == number + 1
        await task

    return await per(scale(300_000), body)


async def fan_in(scale):
    async def body(count):
        queue = asyncio.Queue(128)

        async def send():
            for number in range(count // 4):
                await queue.put(number)

        senders = [asyncio.create_task(send()) for _ in range(4)]
        for _ in range(count // 4 * 4):
            await queue.get()
        await asyncio.gather(*senders)

    return await per(scale(2_000_000), body)


async def mutex(scale):
    async def body(count):
        lock = asyncio.Lock()
        total = 0

        async def locking():
            nonlocal total
            for turn in range(1, count // 16 + 1):
                async with lock:
                    total += 1
                if turn % 16 == 0:
                    await asyncio.sleep(0)

        await asyncio.gather(*(locking() for _ in range(16)))
        assert total == count // 16 * 16

    return await per(scale(3_000_000), body)


async def timeouts(scale, tasks):
    async def body(count):
        async def timing():
            for _ in range(count // tasks):
                async with asyncio.timeout(1):
                    await asyncio.sleep(0)

        await asyncio.gather(*(timing() for _ in range(tasks)))

    return await per(max(tasks * 10, scale(640_000)), body)


async def sleep_cpu(scale):
    count = scale(200_000)
    loop = asyncio.get_running_loop()
    before = sum(cpu_ns())
    # Registering takes longer here: the first ends later, so that all are registered when they fire.
    first = loop.time() + 0.5 + count * 20e-6
    spread = 0.5 * count / 200_000

    async def sleeping(deadline):
        await asyncio.sleep(deadline - loop.time())

    await asyncio.gather(*(sleeping(first + spread * index / count) for index in range(count)))
    return [(sum(cpu_ns()) - before) / count]


async def sleep_lateness(scale):
    count = max(40, scale(400))
    loop = asyncio.get_running_loop()
    late = 0.0
    for index in range(count):
        deadline = loop.time() + (500 + index * 311 % 2000) / 1e6
        await asyncio.sleep(deadline - loop.time())
        # A loop's clock may end a sleep early by its resolution.
        late += max(0.0, loop.time() - deadline)
    return [late / count * 1e6]


async def memory(scale, body):
    count = scale(100_000)
    PENDING.append(asyncio.create_task(body()))
    await asyncio.sleep(0)
    before = resident()
    PENDING.extend(asyncio.create_task(body()) for _ in range(count))
    await asyncio.sleep(0)
    each = (resident() - before) / count
    # Python's allocator does not tell what it holds: resident memory stands for both.
    print(each, each, flush=True)
    os._exit(0)


async def forever():
    await asyncio.get_running_loop().create_future()


async def hour():
    await asyncio.sleep(3600)


async def unblock(scale):
    used = 0

    async def body(count):
        nonlocal used
        before = sum(cpu_ns())
        for _ in range(count):
            await asyncio.to_thread(lambda: None)
        used = (sum(cpu_ns()) - before) / count

    [ns] = await per(scale(20_000), body)
    return [ns / 1000, used / 1000]


async def foreign_wake(scale):
    import queue

    loop = asyncio.get_running_loop()
    asked = queue.SimpleQueue()

    def answer():
        while (future := asked.get()) is not None:
            loop.call_soon_threadsafe(future.set_result, None)

    thread = threading.Thread(target=answer)
    thread.start()

    used = 0.0

    async def body(count):
        nonlocal used
        before = sum(cpu_ns())
        for _ in range(count):
            future = loop.create_future()
            asked.put(future)
            await future
        used = (sum(cpu_ns()) - before) / count

    [ns] = await per(scale(20_000), body)
    asked.put(None)
    thread.join()
    return [ns / 1000, used / 1000]


async def tcp_connect(scale):
    async def accepted(_reader, writer):
        writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def body(count):
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read(1) == b""
            writer.close()

    [ns] = await per(scale(5_000), body)
    server.close()
    return [ns / 1000]


ROWS = {
    "spawn-await": spawn_await,
    "spawn-many": spawn_many,
    "spawn-chain": spawn_chain,
    "yield-one": yield_one,
    "yield-many": yield_many,
    "ping-pong": ping_pong,
    "channel-fan-in": fan_in,
    "mutex": mutex,
    "timeout-one": lambda scale: timeouts(scale, 1),
    "timeout-many": lambda scale: timeouts(scale, 64),
    "sleep-cpu": sleep_cpu,
    "sleep-lateness": sleep_lateness,
    "memory-task": lambda scale: memory(scale, forever),
    "memory-sleep": lambda scale: memory(scale, hour),
    "unblock": unblock,
    "foreign-wake": foreign_wake,
    "tcp-connect": tcp_connect,
}


class Echo(asyncio.Protocol):
    """The way asyncio itself recommends for speed: a protocol, not streams."""

    count = 0

    def connection_made(self, transport):
        Echo.count += 1
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.transport.write(data)

    def connection_lost(self, _error):
        Echo.count -= 1


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)

    def answer():
        for _ in sys.stdin:
            user, system = cpu_ns()
            print(user, system, resident(), 0, Echo.count, flush=True)
        os._exit(0)

    threading.Thread(target=answer, daemon=True).start()
    await server.serve_forever()


def main():
    which, verb, *rest = sys.argv[1:]
    if which == "uvloop":
        import uvloop

        run = uvloop.run
    else:
        run = asyncio.run
    if verb == "serve":
        run(serve())
        return
    row, divisor = rest[0], int(rest[1])
    print(*run(ROWS[row](lambda full: max(1, full // divisor))))


if __name__ == "__main__":
    main()
