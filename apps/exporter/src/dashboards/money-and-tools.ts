import type { Dashboard } from './dashboard.ts'

export const MONEY_AND_TOOLS: Dashboard = {
  uid: 'toolwright-money-tools',
  title: 'Toolwright: money and tools',
  about: 'What is spent and on what, what limits leave, and whether tools earn what making them costs.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Spent today (UTC)',
          about:
            'Calls of unknown price, which the next panel counts, come on top: where they are all that was paid for, this is unknown too. A call that did not say what it used counts at its bound.',
          shape: 'number',
          unit: 'currencyUSD',
          noValue: 'unknown',
          queries: [
            {
              expr: 'sum(toolwright_budget_spent_dollars{scope="day"}) > 0 or sum(toolwright_budget_spent_dollars{scope="day"}) unless increase(toolwright:unpriced_calls:sum[1d]) > 0',
              legend: 'spent',
            },
          ],
        },
        {
          title: 'Plus calls of unknown price',
          about: 'In the last 24 hours. They are in no sum of money on this page: give the model a price. Alert: ToolwrightUnknownPrice.',
          shape: 'number',
          unit: 'short',
          redFrom: 1,
          queries: [{ expr: 'round(increase(toolwright:unpriced_calls:sum[1d]))', legend: 'calls' }],
        },
        {
          title: 'Of the day’s limit',
          about: 'At 100 % every run pauses. "none": TOOLWRIGHT_MAX_USD_PER_DAY is not set.',
          shape: 'number',
          unit: 'percentunit',
          redFrom: 0.9,
          queries: [
            {
              expr: 'sum(toolwright_budget_spent_dollars{scope="day"}) / sum(toolwright_budget_limit_dollars{scope="day"})',
              legend: 'of the limit',
            },
          ],
        },
        {
          title: 'Uncertain',
          about:
            'What calls that were never settled can have cost at most, until a week after the end of their run: workers that died with calls under way. "unknown": none of them has a price. Alert: ToolwrightUncertainSpend.',
          shape: 'number',
          unit: 'currencyUSD',
          noValue: 'unknown',
          redFrom: 0.000001,
          queries: [{ expr: 'sum(toolwright_uncertain_dollars)', legend: 'uncertain' }],
        },
        {
          title: 'Overrun',
          about:
            'Billed beyond what calls were asked to cost at most, in the time shown: an endpoint that does not honour limits. Alert: ToolwrightOverrun.',
          shape: 'number',
          unit: 'currencyUSD',
          redFrom: 0.000001,
          queries: [{ expr: 'sum(increase(toolwright_overrun_dollars_total[$__range]))', legend: 'overrun' }],
        },
        {
          title: 'Halted runs',
          about: 'They cannot pay for calls until somebody mends something: ./toolwright status says what. Alert: ToolwrightRunHalted.',
          shape: 'number',
          unit: 'short',
          redFrom: 1,
          queries: [{ expr: 'sum(toolwright_runs{state="halted"})', legend: 'runs' }],
        },
      ],
    },
    {
      title: 'Money',
      panels: [
        {
          title: 'The day’s limit',
          about: 'The forecast is what will be spent by midnight (UTC) at the rate of the last hour. Above the limit, runs will pause.',
          shape: 'lines',
          unit: 'currencyUSD',
          queries: [
            { expr: 'sum(toolwright_budget_limit_dollars{scope="day"})', legend: 'limit' },
            { expr: 'sum(toolwright_budget_spent_dollars{scope="day"})', legend: 'spent' },
            {
              expr: 'sum(toolwright_budget_spent_dollars{scope="day"}) + sum(toolwright_budget_reserved_dollars{scope="day"})',
              legend: 'spent and reserved',
            },
            { expr: 'toolwright:budget_day_forecast:dollars', legend: 'forecast' },
          ],
        },
        {
          title: 'The limits of runs',
          about: 'All active runs that have a limit, together. Reserved and never given back: calls that were not settled.',
          shape: 'lines',
          unit: 'currencyUSD',
          queries: [
            { expr: 'sum(toolwright_budget_limit_dollars{scope="runs"})', legend: 'limit' },
            { expr: 'sum(toolwright_budget_spent_dollars{scope="runs"})', legend: 'spent' },
            { expr: 'sum(toolwright_budget_reserved_dollars{scope="runs"})', legend: 'reserved' },
          ],
        },
        {
          title: 'Spent an hour, by bucket',
          about:
            'Makes are an investment and should fall off; overhead is judging kinds; waste is paid replies that nothing used, and follows kills and outages. Calls of unknown price are not in it.',
          shape: 'areas',
          unit: 'currencyUSD',
          queries: [{ expr: '3600 * sum by (bucket) (rate(toolwright_cost_dollars_total[$__rate_interval]))', legend: '{{bucket}}' }],
        },
        {
          title: 'Spent an hour, by role and purpose',
          about:
            'strong answer: requests no tool serves, or that are gathered. light call: tools that cannot read by themselves. Calls of unknown price are not in it.',
          shape: 'areas',
          unit: 'currencyUSD',
          queries: [
            {
              expr: '3600 * sum by (role, purpose) (rate(toolwright_cost_dollars_total[$__rate_interval]))',
              legend: '{{role}} {{purpose}}',
            },
          ],
        },
        {
          title: 'Cost of a thousand requests',
          about:
            'Against the estimate of what the strong model alone would have cost. Above it, tools lose: see which kinds in ./toolwright status and tools list. There is no figure for an hour with calls of unknown price.',
          shape: 'lines',
          unit: 'currencyUSD',
          queries: [
            {
              expr: '1000 * sum(rate(toolwright_cost_dollars_total[1h])) / sum(rate(toolwright_requests_total[1h])) unless increase(toolwright:unpriced_calls:sum[1h]) > 0',
              legend: 'with tools',
            },
            {
              expr: '1000 * sum(rate(toolwright_baseline_dollars_total[1h])) / sum(rate(toolwright_baseline_requests_total{basis!="unknown"}[1h]))',
              legend: 'baseline (estimated)',
            },
          ],
        },
        {
          title: 'Tokens a second, by class',
          about: 'Cache reads should be most of the input where prompts repeat and the provider caches them.',
          shape: 'areas',
          unit: 'short',
          queries: [{ expr: 'sum by (class) (rate(toolwright_tokens_total[$__rate_interval]))', legend: '{{class}}' }],
        },
      ],
    },
    {
      title: 'Tools',
      panels: [
        {
          title: 'Results a second, by tier',
          about: 'extracted costs no model call, called a light one, direct a strong one; "none" failed.',
          shape: 'areas',
          unit: 'reqps',
          queries: [{ expr: 'sum by (tier) (rate(toolwright_requests_total[$__rate_interval]))', legend: '{{tier}}' }],
        },
        {
          title: 'What tools make of lines',
          about:
            'Refused: worded in a way the tool does not know. Contested: another kind lays claim to it. Failed: the tool broke; roll it back or disable it.',
          shape: 'areas',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum by (outcome) (rate(toolwright_extract_lines_total[$__rate_interval])) / on () group_left () sum(rate(toolwright_extract_lines_total[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
        },
        {
          title: 'Requests whose kind had to be judged',
          about:
            'Each is a call. High while kinds are new; where it stays, name the kind in the requests or merge kinds. Alert: ToolwrightDispatchMisses.',
          shape: 'lines',
          unit: 'percentunit',
          queries: [{ expr: 'toolwright:judged:ratio_rate30m', legend: 'judged' }],
        },
        {
          title: 'Right answers, where a target was given',
          about: 'A fall means a tool or a model got worse: hold the results’ "correct" against their tool and version, then roll back.',
          shape: 'lines',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum(rate(toolwright_checked_answers_total{result="correct"}[30m])) / sum(rate(toolwright_checked_answers_total[30m]))',
              legend: 'right',
            },
          ],
        },
        {
          title: 'Makes that ended, an hour',
          about: 'Declined ones were paid for and gave no tool; the kind is tried again after an hour, then two, and so on.',
          shape: 'areas',
          unit: 'short',
          queries: [{ expr: 'sum by (result) (increase(toolwright_makes_total[1h]))', legend: '{{result}}' }],
        },
        {
          title: 'Makes under way',
          about: 'Those that gather examples among them. They end in a tool or without one, at most a few minutes after they began.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum(toolwright_makes_under_way)', legend: 'makes' }],
        },
        {
          title: 'Age of the oldest make',
          about: 'One that gets much older than its deadline (two minutes) hangs on a model or the executor. Alert: ToolwrightStalledMake.',
          shape: 'lines',
          unit: 's',
          queries: [{ expr: 'max(toolwright_oldest_make_seconds)', legend: 'age' }],
        },
        {
          title: 'Time of a make, 95 of 100, by result',
          about: 'Of the last hour, gathering included: where it is most of that time, too few requests of a kind come.',
          shape: 'lines',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (result, le) (rate(toolwright_make_seconds_bucket[1h])))',
              legend: '{{result}}',
            },
          ],
        },
        {
          title: 'Tool versions, by state',
          about:
            'demoted: failed too often, and its requests go direct until a new one is made. retired: gave way to another, was disabled, or merged.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (toolwright_tools)', legend: '{{state}}' }],
        },
        {
          title: 'Kinds, by state',
          about: 'demoted: a tool failed too often. Many in the nursery: texts that are like nothing else go direct.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (toolwright_kinds)', legend: '{{state}}' }],
        },
        {
          title: 'Requests that wait for a tool',
          about: 'They are let go when a make ends, at its deadline at the latest. Alert: ToolwrightStalledMake.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum(toolwright_waiting_lines)', legend: 'waiting' }],
        },
        {
          title: 'Requests that failed and are kept',
          about: './toolwright retry-failed RUN answers them once what failed is mended. Alert: ToolwrightDeadLetters.',
          shape: 'lines',
          unit: 'short',
          queries: [{ expr: 'sum(toolwright_dead_letters)', legend: 'dead letters' }],
        },
      ],
    },
  ],
}
