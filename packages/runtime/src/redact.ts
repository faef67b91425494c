const URL_LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi
/** Up to the last @: one whose password is not encoded is refused, and shown with the refusal. */
const REDIS_LOGIN = /\b(rediss?(?:-\w+)?:\/\/[^\s/:@]*):[^\s"'<>]+@/gi
const URL_PASSWORD = /([?&]\w*password=)[^&\s"'<>]+/gi
const BEARER = /\b(Bearer|Basic)\s+[\w~+/.=-]{6,}/gi
/** The keys of the usual providers begin with a short word, such as `sk-`, `sk-proj-`, `gsk_`, `xai-`, `hf_`, `AIza`. */
const PROVIDER_KEY = /\b(?:(?:sk|pk|rk|gsk|xai|hf|pplx|nvapi|api|key)[-_](?=[\w-]*\d)[\w-]{12,}|AIza[\w-]{20,})/g

/** A text without what must not be written down: passwords in URLs, authorization headers, and all that looks like an API key. */
export function redact(text: string): string {
  return text
    .replace(REDIS_LOGIN, '$1:…@')
    .replace(URL_LOGIN, '$1:…@')
    .replace(URL_PASSWORD, '$1…')
    .replace(BEARER, '$1 …')
    .replace(PROVIDER_KEY, '…')
}

/** True for names whose string values are secret whatever they look like. */
export function isSecretName(name: string): boolean {
  return /(api_?key|password|passwd|secret|authorization|credential)s?$/i.test(name)
}
