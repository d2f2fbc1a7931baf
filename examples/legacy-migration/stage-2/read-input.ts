// What express.json() and express.urlencoded() did: a form or JSON, and nothing of what is neither.
import { httpError } from '../shared/http-error.js'

export type Input = Record<string, unknown>

export async function readInput(request: Request): Promise<Input> {
  if (isForm(request)) return Object.fromEntries(await request.formData())
  if (!hasType(request, 'application/json')) return {}
  const text = await request.text()
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    throw httpError(400, 'Malformed JSON')
  }
}

export function isForm(request: Request): boolean {
  return hasType(request, 'application/x-www-form-urlencoded')
}

function hasType(request: Request, type: string): boolean {
  return (request.headers.get('content-type') ?? '').toLowerCase().startsWith(type)
}
