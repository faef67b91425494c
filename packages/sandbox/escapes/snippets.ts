import { readFileSync } from 'node:fs'
import type { HostFacts } from './host.ts'

/**
 * What is seen when a snippet succeeds, from outside of the guest in every case:
 * its outcomes tell a secret of this process's environment, of a file of this machine, or of another call's arguments;
 * a file of this machine was written; a listener on this machine was spoken to; this process got a signal;
 * an outcome says what `solve` never returned; it went on long after its time and was answered all the same;
 * or an innocent batch that follows it is answered otherwise than it was before.
 */
export type Success =
  | 'reads environment'
  | 'reads file'
  | 'reads other call'
  | 'writes file'
  | 'connects'
  | 'signals'
  | 'forges outcome'
  | 'overstays'
  | 'poisons'

export interface Snippet {
  technique: string
  /** A function of `snippets/<technique>.py`, whose docstring says what it tries. */
  name: string
  success: Success
  /** `two`: an earlier call of its own batch, with resets between, gets the secret of another call. */
  calls: 'one' | 'two'
}

const ENVIRONMENT = 'reads environment'
const FILE = 'reads file'
const OTHER_CALL = 'reads other call'
const WRITES = 'writes file'
const CONNECTS = 'connects'
const SIGNALS = 'signals'
const FORGES = 'forges outcome'
const OVERSTAYS = 'overstays'
const POISONS = 'poisons'

const TECHNIQUES: Record<string, Record<string, Success>> = {
  'js-bridge': {
    run_js: ENVIRONMENT,
    js_eval: ENVIRONMENT,
    js_process: ENVIRONMENT,
    js_global_this: FILE,
    js_write_file: WRITES,
    js_child_process: FILE,
    js_vm: ENVIRONMENT,
    js_inspector: ENVIRONMENT,
    js_worker: WRITES,
    js_sqlite: WRITES,
    js_report: ENVIRONMENT,
    js_fetch: CONNECTS,
    js_net: CONNECTS,
    js_timer: POISONS,
    registered_module: POISONS,
  },
  'proxy-chains': {
    from_api_function: ENVIRONMENT,
    from_empty_object: ENVIRONMENT,
    from_finder: ENVIRONMENT,
    from_hidden_finder: ENVIRONMENT,
    from_collector: ENVIRONMENT,
    from_loop: ENVIRONMENT,
    from_exception: ENVIRONMENT,
    from_promise: ENVIRONMENT,
    from_callback: ENVIRONMENT,
    from_subclasses: ENVIRONMENT,
    from_module_registry: ENVIRONMENT,
    from_cached_state: ENVIRONMENT,
    from_asynchronous_generator_types: ENVIRONMENT,
  },
  'pyodide-core': {
    core_import: ENVIRONMENT,
    core_create_builtin: ENVIRONMENT,
    core_builtin_importer: ENVIRONMENT,
    core_reinitialised: ENVIRONMENT,
    core_from_archive: ENVIRONMENT,
    evaluated: ENVIRONMENT,
  },
  ctypes: {
    run_script: WRITES,
    run_script_int: WRITES,
    run_script_string: ENVIRONMENT,
    run_script_later: WRITES,
    c_system: WRITES,
    below_ctypes: WRITES,
    ctypes_from_table: WRITES,
    function_table: WRITES,
    callback_from_c: WRITES,
    read_memory: OTHER_CALL,
    write_memory: POISONS,
    write_type: POISONS,
  },
  'side-modules': {
    create_dynamic: WRITES,
    extension_file_loader: WRITES,
    plain_import: WRITES,
    shared_library: WRITES,
    start_function: WRITES,
    script_from_module: WRITES,
    load_dynamic_library: WRITES,
  },
  commands: {
    os_system: WRITES,
    posix_system: WRITES,
    shell_connects: CONNECTS,
    shell_signals: SIGNALS,
    shell_in_background: WRITES,
    from_subclasses: WRITES,
    from_pager: WRITES,
  },
  network: {
    socket_connect: CONNECTS,
    socket_module: CONNECTS,
    http_client: CONNECTS,
    url_open: CONNECTS,
    pyfetch: CONNECTS,
    load_package: CONNECTS,
    web_socket: CONNECTS,
    node_http: CONNECTS,
  },
  'file-system': {
    mount_read: FILE,
    mount_write: WRITES,
    mount_root: FILE,
    mount_by_emscripten: FILE,
    mount_stays: POISONS,
    load_binary_file: WRITES,
  },
  signals: {
    js_kill: SIGNALS,
    js_kill_parent: SIGNALS,
    js_kill_below: SIGNALS,
    js_kill_group: SIGNALS,
    c_script_kill: SIGNALS,
  },
  channel: {
    descriptor_by_js: FORGES,
    stream_by_js: FORGES,
    stdout_by_js: FORGES,
    console_by_js: FORGES,
    standard_output: FORGES,
    print_it: FORGES,
    original_stdout: FORGES,
    output_device: FORGES,
    all_descriptors: FORGES,
    c_console: FORGES,
  },
  'frame-walks': {
    frame_globals: FORGES,
    all_frames: FORGES,
    current_frames: FORGES,
    traceback_frame: FORGES,
    generator_frame: FORGES,
    judges_found_by_collector: FORGES,
    judges_code: POISONS,
    judges_constants: FORGES,
    lying_class: FORGES,
    patched_encoder: FORGES,
    traced_judge: FORGES,
    profiled_judge: FORGES,
    monitored_judge: FORGES,
  },
  bytecode: {
    read_memory: OTHER_CALL,
    write_memory: POISONS,
    write_method: POISONS,
    write_type_flags: POISONS,
    hidden_modules_restored: WRITES,
    hidden_bridge_restored: ENVIRONMENT,
  },
  'import-hooks': {
    meta_path_finder: POISONS,
    modules_entry: POISONS,
    replaced_module: POISONS,
    patched_import: POISONS,
    shadowing_file: POISONS,
    path_hook: POISONS,
    archive_directory: POISONS,
    loader_code: POISONS,
    bootstrap_patched: POISONS,
    reloaded_module: POISONS,
  },
  'late-code': {
    finalizer: POISONS,
    weakref_finalizer: POISONS,
    weakref_callback: POISONS,
    collector_callback: POISONS,
    unfinished_generator: POISONS,
    loop_callback: POISONS,
    trace_function: POISONS,
    profile_function: POISONS,
    monitoring_tool: POISONS,
    audit_hook: POISONS,
    unraisable_hook: POISONS,
  },
  'left-behind': {
    builtin_function: POISONS,
    builtin_class: POISONS,
    builtin_name: POISONS,
    compiler: POISONS,
    json_module: POISONS,
    regex_cache: POISONS,
    constant: POISONS,
    random_state: POISONS,
    decimal_context: POISONS,
    warnings_filter: POISONS,
    recursion_limit: POISONS,
    integer_digits: POISONS,
    working_directory: POISONS,
    environment: POISONS,
    file: POISONS,
    removed_file: POISONS,
    file_mask: POISONS,
    codec: POISONS,
    output_stream: POISONS,
    closed_output: POISONS,
    clock: POISONS,
    calendar_start: POISONS,
    signal_handler: POISONS,
    socket_timeout: POISONS,
    logging_set_up: POISONS,
    line_cache: POISONS,
    copying: POISONS,
    registered_class: POISONS,
    function_code: POISONS,
    function_defaults: POISONS,
    function_cache: POISONS,
  },
  'time-limits': {
    swallowed_interrupt: OVERSTAYS,
    ignored_signal: OVERSTAYS,
    sleep: OVERSTAYS,
    without_buffer: OVERSTAYS,
    switched_off: OVERSTAYS,
  },
  'other-calls': {
    regex_cache: OTHER_CALL,
    collector: OTHER_CALL,
    function_cache: OTHER_CALL,
    earlier_call: OTHER_CALL,
    earlier_call_in_module: OTHER_CALL,
    earlier_call_in_file: OTHER_CALL,
    earlier_call_by_collector: OTHER_CALL,
  },
  'test-modules': {
    read_beyond: OTHER_CALL,
    failing_memory: POISONS,
    interpreter_beside: WRITES,
    configured_interpreter: WRITES,
  },
}

const TWO_CALLS = new Set(['earlier_call', 'earlier_call_in_module', 'earlier_call_in_file', 'earlier_call_by_collector'])

export const SNIPPETS: readonly Snippet[] = Object.entries(TECHNIQUES).flatMap(([technique, successes]) =>
  Object.entries(successes).map(([name, success]) => ({ technique, name, success, calls: TWO_CALLS.has(name) ? 'two' : 'one' })),
)

/** No other snippet's. */
export function keyOf({ technique, name }: Snippet): string {
  return `${technique}.${name}`
}

/** The whole file of the technique as a tool whose `solve` is the snippet. */
export function sourceOf(snippet: Snippet, host: HostFacts): string {
  // JSON of texts and numbers alone is a Python literal too.
  return `HOST = ${JSON.stringify(host)}\n${techniqueSource(snippet.technique)}\nsolve = ${snippet.name}\n`
}

function techniqueSource(technique: string): string {
  return readFileSync(new URL(`snippets/${technique}.py`, import.meta.url), 'utf8')
}
