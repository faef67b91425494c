import { inSolve, type Technique, whenLoaded } from '../runaway.ts'

export const WAITS: Technique = {
  sleep: inSolve('timed-out', 'import time\ntime.sleep(10**6)'),
  'sleep beside the functions': whenLoaded('timed-out', 'import time\ntime.sleep(10**6)'),
  'sleep, caught by everything': inSolve(
    'timed-out',
    `
import time
while True:
    try: time.sleep(10**6)
    except BaseException: pass`,
  ),
  'lock taken twice': inSolve('timed-out', 'import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()'),
  'empty queue': inSolve('timed-out', 'import queue\nqueue.Queue().get()'),
  'scheduled for later': inSolve('timed-out', 'import sched\nlater = sched.scheduler()\nlater.enter(10**6, 1, print)\nlater.run()'),
  'standard input': inSolve('raised', 'return input()'),
  select: inSolve('crashed', 'import select\nselect.select([], [], [], 10**6)'),
}

export const ASYNCIO: Technique = {
  'long sleep': inSolve('timed-out', 'import asyncio\nasyncio.run(asyncio.sleep(10**6))'),
  'event that never comes': inSolve(
    'raised',
    `
import asyncio
async def main(): await asyncio.Event().wait()
asyncio.run(main())`,
  ),
  'always ready': inSolve(
    'timed-out',
    `
import asyncio
async def main():
    while True: await asyncio.sleep(0)
asyncio.run(main())`,
  ),
  'tasks that make tasks': inSolve(
    ['timed-out', 'out-of-memory'],
    `
import asyncio
async def spawn():
    while True:
        asyncio.create_task(spawn())
        await asyncio.sleep(0)
asyncio.run(spawn())`,
  ),
  'not to be cancelled': inSolve(
    'timed-out',
    `
import asyncio
async def main():
    while True:
        try: await asyncio.sleep(10**6)
        except BaseException: pass
asyncio.run(main())`,
  ),
}

export const THREADS: Technique = {
  thread: inSolve('raised', 'import threading\nthreading.Thread(target=print).start()'),
  'threads, insisting': inSolve(
    'timed-out',
    `
import _thread
while True:
    try: _thread.start_new_thread(print, ())
    except BaseException: pass`,
  ),
  'pool of threads': inSolve(
    'raised',
    `
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool: return str(list(pool.map(abs, [1])))`,
  ),
  'process that sleeps': inSolve('raised', 'import subprocess\nsubprocess.run(["sleep", "1000"])'),
  'forks, insisting': inSolve(
    'timed-out',
    `
import os
while True:
    try: os.fork()
    except OSError: pass`,
  ),
}
