/** The exports as CPython's C API; throws where this Pyodide lacks one. */
export function pythonApiOf(exports: WebAssembly.Exports): PythonApi {
  if (!isPythonApi(exports)) throw new Error('this Pyodide lacks part of the C API that the sandbox is built on')
  return exports
}

function isPythonApi(exports: object): exports is PythonApi {
  const has = (name: string, kind: string) => typeof Reflect.get(exports, name) === kind
  return FUNCTIONS.every((name) => has(name, 'function')) && VARIABLES.every((name) => has(name, 'object'))
}

/** What of CPython's C API (and Emscripten's own exports) is used, called directly: no proxy is made, and no Python frame of ours lies under the tool's. */
export interface PythonApi {
  malloc: (bytes: number) => number
  free: (pointer: number) => void
  Py_CompileString: (source: number, fileName: number, start: number) => number
  Py_DecRef: (object: number) => void
  PyBytes_AsString: (object: number) => number
  PyBytes_FromStringAndSize: (bytes: number, length: number) => number
  PyBytes_Size: (object: number) => number
  PyCallable_Check: (object: number) => number
  PyDict_Clear: (dict: number) => void
  PyDict_GetItemString: (dict: number, key: number) => number
  PyDict_New: () => number
  PyErr_Clear: () => void
  PyErr_GetRaisedException: () => number
  PyErr_GivenExceptionMatches: (exception: number, type: number) => number
  PyEval_EvalCode: (code: number, globals: number, locals: number) => number
  PyEval_GetBuiltins: () => number
  PyDict_Copy: (dict: number) => number
  PyDict_SetItemString: (dict: number, key: number, value: number) => number
  PyObject_Call: (callable: number, tuple: number, dict: number) => number
  PyObject_CallNoArgs: (callable: number) => number
  PyObject_CallOneArg: (callable: number, argument: number) => number
  PyTuple_New: (length: number) => number
  PyUnicode_AsUTF8AndSize: (object: number, length: number) => number
  PyUnicode_GetLength: (object: number) => number
  PyUnicode_FromStringAndSize: (bytes: number, length: number) => number
  _PyImport_ClearExtension: (name: number, fileName: number) => number
  emscripten_get_sbrk_ptr: () => number
  emscripten_stack_get_current: () => number
  _emscripten_stack_restore: (pointer: number) => void
  emscripten_stack_set_limits: (base: number, end: number) => void
  PyExc_MemoryError: WebAssembly.Global
  Py_EMSCRIPTEN_SIGNAL_HANDLING: WebAssembly.Global
  PyImport_Inittab: WebAssembly.Global
  _PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET: WebAssembly.Global
  _PyRuntime: WebAssembly.Global
  _Py_NoneStruct: WebAssembly.Global
  PyUnicode_Type: WebAssembly.Global
}

const FUNCTIONS = [
  'malloc',
  'free',
  'Py_CompileString',
  'Py_DecRef',
  'PyBytes_AsString',
  'PyBytes_FromStringAndSize',
  'PyBytes_Size',
  'PyCallable_Check',
  'PyDict_Clear',
  'PyDict_GetItemString',
  'PyDict_New',
  'PyErr_Clear',
  'PyErr_GetRaisedException',
  'PyErr_GivenExceptionMatches',
  'PyEval_EvalCode',
  'PyEval_GetBuiltins',
  'PyDict_Copy',
  'PyDict_SetItemString',
  'PyObject_Call',
  'PyObject_CallNoArgs',
  'PyObject_CallOneArg',
  'PyTuple_New',
  'PyUnicode_AsUTF8AndSize',
  'PyUnicode_FromStringAndSize',
  'PyUnicode_GetLength',
  '_PyImport_ClearExtension',
  'emscripten_get_sbrk_ptr',
  'emscripten_stack_get_current',
  '_emscripten_stack_restore',
  'emscripten_stack_set_limits',
] as const satisfies (keyof PythonApi)[]

const VARIABLES = [
  'PyExc_MemoryError',
  'Py_EMSCRIPTEN_SIGNAL_HANDLING',
  'PyImport_Inittab',
  '_PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET',
  '_PyRuntime',
  '_Py_NoneStruct',
  'PyUnicode_Type',
] as const satisfies (keyof PythonApi)[]
