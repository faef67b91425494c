/** An error as the API reports it: `{"error": {message, type, param, code}}` with a status, and for limits `retry-after`. */
export class ApiError extends Error {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: { error: { message: string; type: string; param: string | null; code: string | null } }

  constructor(
    status: number,
    type: string,
    message: string,
    { param = null, code = null, headers = {} }: { param?: string | null; code?: string | null; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.headers = headers
    this.body = { error: { message, type, param, code } }
  }
}

export function badRequest(message: string, param: string | null = null, code: string | null = null): ApiError {
  return new ApiError(400, 'invalid_request_error', message, { param, code })
}

export function missingKey(): ApiError {
  return new ApiError(
    401,
    'invalid_request_error',
    "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.",
  )
}

export function wrongKey(key: string): ApiError {
  const shown = key.length > 8 ? `${key.slice(0, 4)}****${key.slice(-4)}` : '****'
  return new ApiError(401, 'invalid_request_error', `Incorrect API key provided: ${shown}.`, { code: 'invalid_api_key' })
}

export function unknownModel(model: string): ApiError {
  return new ApiError(404, 'invalid_request_error', `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  })
}

export function unknownPath(method: string, path: string): ApiError {
  return new ApiError(404, 'invalid_request_error', `Invalid URL (${method} ${path})`)
}

export function rateLimited(model: string, retryAfterSeconds: number): ApiError {
  return new ApiError(
    429,
    'requests',
    `Rate limit reached for ${model} on requests per min (RPM). Please try again in ${retryAfterSeconds}s.`,
    {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': String(retryAfterSeconds) },
    },
  )
}

/** One call too many for a limit, of which there is room again in so many milliseconds. */
export function overLimit(model: string, what: 'requests' | 'tokens', freeMs: number, headers: Record<string, string>): ApiError {
  const unit = what === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)'
  return new ApiError(429, what, `Rate limit reached for ${model} on ${unit}. Please try again in ${freeMs}ms.`, {
    code: 'rate_limit_exceeded',
    headers: { ...headers, 'retry-after-ms': String(freeMs), 'retry-after': String(Math.ceil(freeMs / 1000)) },
  })
}

export function quotaExhausted(): ApiError {
  return new ApiError(429, 'insufficient_quota', 'You exceeded your current quota, please check your plan and billing details.', {
    code: 'insufficient_quota',
  })
}

export function serverError(): ApiError {
  return new ApiError(500, 'server_error', 'The server had an error while processing your request. Sorry about that!')
}

export function unavailable(): ApiError {
  return new ApiError(503, 'service_unavailable', 'The engine is currently overloaded, please try again later.')
}
