// Per request: the fields of the form that a body was parsed from, if that is what it was parsed from.
import { parsedLength } from './body-length'
import { type ParsedRequest, isBytes } from './parsed-request'

/** Names and values. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** A form is longer by separators, shorter by `[]` where a name is rebuilt with an index. */
const MAX_GROWTH = 4

/** What parsers take at most, unless told otherwise. No form of that size is beyond measure. */
const DEFAULT_LIMIT_BYTES = 100_000

/** No form comes near it; without it, what refers to itself would have no end. */
const MAX_DEPTH = 10_000

/**
 * What a parser left under the type of a form. `undefined`: it was JSON, sent under that type and taken
 * by a parser for any.
 *
 * The type counts in doubt: middleware changes what it was parsed to. JSON is told by values that are of
 * no form where the length, too, is that of JSON; and by its size as a form: each name has all that it is
 * nested in, so that a small JSON text can make more than fits into memory.
 */
export function toFields(
  req: ParsedRequest,
  body: unknown,
  type: 'form' | 'multipart',
): Fields | undefined {
  if (body === undefined) return []
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  // multer's: other parsers of such forms make an array of every field.
  const isBare = type === 'form' || Object.getPrototypeOf(body) !== null
  const parsed = walk(body, isBare ? 'bare' : 'one')
  if (parsed === undefined) return undefined
  const fields = type === 'form' ? toFieldsAsSent(req, body, parsed) : parsed.fields
  if (parsed.isSparse || isOfFormParser(req, body, type)) return fields
  const length = parsedLength(req)
  const own = parsed.jsonSize
  const most = MAX_GROWTH * Math.max(own, Number.isNaN(length) ? 0 : length)
  if (parsed.size > Math.max(most, MAX_GROWTH * DEFAULT_LIMIT_BYTES)) return undefined
  const isAsLongAsJson = own <= length && length <= own * MAX_SPACING
  if (!parsed.hasForeign || !isAsLongAsJson) return fields
  return type === 'form' && length > own && isAsLong(fields, length) ? fields : undefined
}

/** What white space adds to JSON. Letters that forms escape, and JSON does not, add more to a form. */
const MAX_SPACING = 1.5

/**
 * `tags[]=a`, as jQuery and PHP have it, is an array like `tags=a&tags=b`. The client's length tells which
 * it was; where it tells nothing, names stay as they are.
 */
function toFieldsAsSent(req: ParsedRequest, body: object, { fields, ...parsed }: Walked): Fields {
  const length = parsedLength(req)
  // The longer ones are not even built for what can't have been sent.
  if (!parsed.hasLists || !(parsed.size <= length) || isAsLong(fields, length)) return fields
  const others = (['one', 'all'] as const).map((brackets) => walk(body, brackets)!.fields)
  return others.find((other) => isAsLong(other, length)) ?? fields
}

/** Browsers escape brackets, and `curl -d` doesn't. */
function isAsLong(fields: Fields, length: number): boolean {
  const text = toFormText(fields)
  return text.length === length || text.replace(/%5[BD]/g, '[').length === length
}

/** multer and `node:querystring` make objects without a prototype, `JSON.parse()` none. */
function isOfFormParser(req: ParsedRequest, body: object, type: 'form' | 'multipart'): boolean {
  if (Object.getPrototypeOf(body) === null) return true
  return type === 'multipart' && Boolean(req.file ?? req.files ?? req.fields)
}

interface Walked {
  readonly fields: Fields
  /** Characters of all names and values. */
  readonly size: number
  /** Bytes that JSON of it takes at least. */
  readonly jsonSize: number
  /** Whether it holds arrays of texts. */
  readonly hasLists: boolean
  /** Whether it holds what no parser makes of a form. */
  readonly hasForeign: boolean
  /** Whether it holds what no parser makes of JSON: `a[4294967294]=x` makes an array of that length. */
  readonly isSparse: boolean
}

/**
 * As qs reads them: arrays become repeated names, nested objects bracketed ones. Takes time by what is in
 * the body: a name is only put together by V8 once somebody reads its characters.
 *
 * @param brackets which arrays have names that end in `[]`
 * @returns `undefined` beyond `MAX_DEPTH`
 */
function walk(body: object, brackets: 'bare' | 'one' | 'all'): Walked | undefined {
  const fields: [name: string, value: string][] = []
  let [size, jsonSize, hasLists, hasForeign, isSparse] = [0, 0, false, false, false]
  // No recursion: clients choose the depth.
  const left: [name: string, value: unknown, depth: number][] = [['', body, 0]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [name, value, depth] = next
    if (typeof value !== 'object' || value === null) {
      if (value === undefined) continue
      const text = String(value)
      fields.push([name, text])
      size += name.length + text.length
      jsonSize += Buffer.byteLength(text) + (typeof value === 'string' ? 2 : 0)
      hasForeign ||= isForeign(value, depth)
      continue
    }
    if (depth === MAX_DEPTH) return undefined
    // By keys, for sparse arrays.
    const entries = Object.entries(value).map(([key, item]) => [key, toPlain(item, key)] as const)
    const list = Array.isArray(value) ? value : undefined
    isSparse ||= list !== undefined && entries.length < list.length
    const repeated =
      list !== undefined && entries.every(([, item]) => typeof item !== 'object' || item === null)
    hasLists ||= repeated && entries.length > 0
    const isBracketed = brackets === 'all' || (brackets === 'one' && list?.length === 1)
    const itemName = isBracketed ? `${name}[]` : name
    // Brackets and commas.
    jsonSize += 2 + Math.max(0, entries.length - 1)
    for (const [key, item] of entries.reverse()) {
      if (list === undefined) jsonSize += Buffer.byteLength(key) + 3
      left.push([repeated ? itemName : name === '' ? key : `${name}[${key}]`, item, depth + 1])
    }
  }
  return { fields, size, jsonSize, hasLists, hasForeign, isSparse }
}

/** Dates and the like, which validators put in the place of texts: as JSON has them. */
function toPlain(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || isBytes(value)) return value
  const { toJSON } = value as { toJSON?: unknown }
  return typeof toJSON === 'function' ? (toJSON.call(value, key) as unknown) : value
}

/** Before 6.15, qs made `{ a: { b: 'c', d: true } }` of `a[b]=c&a=d`. */
function isForeign(value: unknown, depth: number): boolean {
  if (value === true) return depth < 2
  return value === null || value === false || typeof value === 'number'
}

/** What `encodeURIComponent` writes in another way than forms do. */
const OF_FORMS = [
  ['%20', '+'],
  ['!', '%21'],
  ["'", '%27'],
  ['(', '%28'],
  [')', '%29'],
  ['~', '%7E'],
] as const

/** As `URLSearchParams` writes them, which takes ten times as long where there are many brackets. */
export function toFormText(fields: Fields): string {
  const text = fields.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  return OF_FORMS.reduce((text, [own, ofForms]) => text.replaceAll(own, ofForms), text)
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // For half a character.
    return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
  }
}
