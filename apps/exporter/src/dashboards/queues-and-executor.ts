import type { Dashboard } from './dashboard.ts'

export const QUEUES_AND_EXECUTOR: Dashboard = {
  uid: 'toolwright-queues-executor',
  title: 'Toolwright: queues and executor',
  about: 'Where work waits and for what: workers, models and their limits, the sandbox, Redis.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Processes that are scraped',
          about: 'Alerts: ToolwrightTargetDown, ToolwrightExporterMissing.',
          shape: 'number',
          unit: 'short',
          queries: [{ expr: 'sum(up{job="toolwright"})', legend: 'processes' }],
        },
        {
          title: 'Processes that are down',
          about: 'Ask their /healthz and /readyz, and read their log.',
          shape: 'number',
          unit: 'short',
          redFrom: 1,
          queries: [{ expr: 'count(up{job="toolwright"} == 0)', legend: 'processes' }],
        },
        {
          title: 'Oldest job that waits',
          about: 'Of any queue but the results. Alert: ToolwrightOldestJob.',
          shape: 'number',
          unit: 's',
          redFrom: 600,
          queries: [{ expr: 'max(toolwright_queue_oldest_job_seconds{queue!="results"})', legend: 'age' }],
        },
        {
          title: 'Redis memory',
          about:
            'Of its maxmemory. At 70 % runs stop reading until there is room. "none": it has no limit. Alert: ToolwrightRedisMemoryHigh.',
          shape: 'number',
          unit: 'percentunit',
          redFrom: 0.6,
          queries: [{ expr: 'toolwright:redis_memory_used:ratio', legend: 'used' }],
        },
        {
          title: 'Sandbox children missing',
          about: 'Children that are wanted and do not stand. They are replaced within a second; if it stays, read the executor’s log.',
          shape: 'number',
          unit: 'short',
          redFrom: 1,
          queries: [
            {
              expr: 'sum(toolwright_sandbox_children{state="wanted"}) - sum(toolwright_sandbox_children{state="alive"})',
              legend: 'children',
            },
          ],
        },
        {
          title: 'Active runs',
          about: 'Halted ones not counted.',
          shape: 'number',
          unit: 'short',
          queries: [{ expr: 'sum(toolwright_runs{state="active"})', legend: 'runs' }],
        },
      ],
    },
    {
      title: 'Queues',
      panels: [
        {
          title: 'Jobs that wait, by queue',
          about: 'A queue that grows while its workers are busy needs more of them; one whose jobs are delayed waits for models instead.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (queue) (toolwright_queue_jobs{state="waiting"})', legend: '{{queue}}' }],
        },
        {
          title: 'Jobs that are put off, by queue',
          about: 'They come again by themselves: a limit or an outage of a model, a make that gathers, a try that failed.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (queue) (toolwright_queue_jobs{state="delayed"})', legend: '{{queue}}' }],
        },
        {
          title: 'Age of the oldest job, by queue',
          about: 'results: answers that nobody collects; resume the run, or ./toolwright results RUN.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'max by (queue) (toolwright_queue_oldest_job_seconds)', legend: '{{queue}}' }],
        },
        {
          title: 'Workers, by queue',
          about: 'At 0 nobody serves the queue. Alert: ToolwrightStageWithoutWorkers.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (queue) (toolwright_queue_workers)', legend: '{{queue}}' }],
        },
        {
          title: 'Time until a job is taken up, 95 of 100, by queue',
          about: 'The lag of each stage; that of results is how far a run’s command is behind.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'queue:toolwright_job_wait_seconds:p95_5m', legend: '{{queue}}' }],
        },
        {
          title: 'Time a worker holds a job, 95 of 100, by queue',
          about: 'user and direct wait for models, execution for the sandbox.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'queue:toolwright_job_run_seconds:p95_5m', legend: '{{queue}}' }],
        },
        {
          title: 'Jobs tried again, or given up, a second',
          about: 'buried: its lines became error lines. failed: kept as it is; read the stage’s log.',
          shape: 'areas',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (queue, outcome) (rate(toolwright_job_run_seconds_count{outcome=~"retried|buried|failed"}[$__rate_interval]))',
              legend: '{{queue}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Jobs whose worker died, in 15 minutes, by queue',
          about: 'They are done again by another. Calls that the dead one had under way may be billed twice: see ToolwrightUncertainSpend.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (queue) (increase(toolwright_job_retries_total{cause="worker-died"}[15m]))', legend: '{{queue}}' }],
        },
        {
          title: 'Lines of runs, by where they are',
          about:
            'unsent: read, and not in a queue yet (Alert: ToolwrightIngestStalled). unanswered: with the stages. early: answered, and held until earlier lines are.',
          shape: 'areas',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (toolwright_run_lines)', legend: '{{state}}' }],
        },
        {
          title: 'Lag of reading',
          about:
            'How long the oldest line that was read has waited to get into a queue, worst run. Above a second Redis is slow, full or away.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'max(toolwright_ingest_lag_seconds)', legend: 'lag' }],
        },
        {
          title: 'Lines a job carries, on average, by queue',
          about: 'Small batches under load cost processor time: a stream of very many kinds, or TOOLWRIGHT_BATCH_LINES set low.',
          shape: 'lines',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (queue) (rate(toolwright_job_lines_sum[$__rate_interval])) / sum by (queue) (rate(toolwright_job_lines_count[$__rate_interval]))',
              legend: '{{queue}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Models',
      panels: [
        {
          title: 'Model calls a second, by how they ended',
          about: 'rate-limited: a limit is lower than thought, or others use the key. credentials, quota and no-model halt runs.',
          shape: 'areas',
          unit: 'reqps',
          queries: [
            { expr: 'sum by (role, outcome) (rate(toolwright_model_attempts_total[$__rate_interval]))', legend: '{{role}} {{outcome}}' },
          ],
        },
        {
          title: 'Time of a model call, 95 of 100',
          about: 'Near the time-out, calls are lost and may be billed all the same.',
          shape: 'lines',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (role, purpose, le) (rate(toolwright_model_call_seconds_bucket[5m])))',
              legend: '{{role}} {{purpose}}',
            },
          ],
        },
        {
          title: 'Room in the models’ limits',
          about: 'At 0 work waits for the limit, and more workers do not help. Alert: ToolwrightLimiterStarved.',
          shape: 'lines',
          unit: 'percentunit',
          queries: [{ expr: 'min by (model, limit) (toolwright_model_limit_free_ratio)', legend: '{{model}} {{limit}}' }],
        },
      ],
    },
    {
      title: 'Executor',
      panels: [
        {
          title: 'Calls of tools a second, by how they ended',
          about: 'Those of makes included, where candidates are expected to fail; crashed is never expected.',
          shape: 'areas',
          unit: 'ops',
          queries: [{ expr: 'sum by (status) (rate(toolwright_executed_calls_total[$__rate_interval]))', legend: '{{status}}' }],
        },
        {
          title: 'Time of a batch of calls, 95 of 100',
          about:
            'Until a child was free, and in the sandbox. Where most of it is waiting, start more executors. second: verification of makes.',
          shape: 'lines',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (surroundings, le) (rate(toolwright_execution_wait_seconds_bucket[5m])))',
              legend: 'waiting, {{surroundings}}',
            },
            {
              expr: 'histogram_quantile(0.95, sum by (surroundings, le) (rate(toolwright_execution_seconds_bucket[5m])))',
              legend: 'running, {{surroundings}}',
            },
          ],
        },
        {
          title: 'Warm sandbox children, by what they do',
          about:
            'busy all the time: start more executors. No spare: the next child that ends is replaced half a second later, not at once.',
          shape: 'areas',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (toolwright_sandbox_pool_children)', legend: '{{state}}' }],
        },
        {
          title: 'Sandbox children',
          about: 'alive below wanted: children die faster than they are replaced.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (toolwright_sandbox_children)', legend: '{{state}}' }],
        },
        {
          title: 'Children replaced in 15 minutes, by cause',
          about: 'overran: a tool that does not end; died: mostly memory that the machine does not have. Alert: ToolwrightSandboxKills.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (cause) (increase(toolwright_sandbox_restarts_total[15m]))', legend: '{{cause}}' }],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Event-loop lag, 99 of 100, worst process of a stage',
          about: 'Above a tenth of a second the stage lacks processor time: give it more, or run fewer processes on the machine.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'max by (stage) (nodejs_eventloop_lag_p99_seconds)', legend: '{{stage}}' }],
        },
        {
          title: 'Processor time, in cores',
          about: 'Of the stages’ own processes; the sandbox’s children are not in it.',
          shape: 'areas',
          unit: 'short',
          queries: [{ expr: 'sum by (stage) (rate(process_cpu_seconds_total[$__rate_interval]))', legend: '{{stage}}' }],
        },
        {
          title: 'Memory, by stage',
          about: 'Flat under load; what grows without end is a leak.',
          shape: 'lines',
          unit: 'bytes',
          queries: [{ expr: 'sum by (stage) (process_resident_memory_bytes)', legend: '{{stage}}' }],
        },
        {
          title: 'Memory of Redis',
          about: 'What fills it: results that nobody collects, a stage that is behind, failed requests that are kept.',
          shape: 'lines',
          unit: 'bytes',
          queries: [
            { expr: 'sum(toolwright_redis_memory_used_bytes)', legend: 'used' },
            { expr: 'sum(toolwright_redis_memory_limit_bytes)', legend: 'limit' },
          ],
        },
      ],
    },
  ],
}
