// What the servers are asked. Paths and bodies are sent as they stand here.

const get = (path, headers = {}) => ({ method: 'GET', path, headers })
const send = (method, path, body, headers = {}) => ({ method, path, body, headers })
const html = { accept: 'text/html' }
const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const PATHS = [
  ...[
    '/api/users',
    '/api/users/',
    '/api/users/1',
    '/api/users/1/',
    '/api/users/me',
    '/api/users/ME',
  ],
  ...[
    '/api/users/1/edit',
    '/api/users/1/edit/',
    '/api/users/1/2/3',
    '/api/USERS/1',
    '/API/users/1',
  ],
  ...[
    '/api/users/a%20b',
    '/api/users/a+b',
    '/api/users/a%2Fb',
    '/api/users/%C3%BC',
    '/api/users/%c3%bc',
  ],
  ...[
    '/api/users/%25',
    '/api/users/%2525',
    '/api/users/a%3Fb',
    '/api/users/a%23b',
    '/api/users/~.-_',
  ],
  ...["/api/users/!$&'()*,;=:@", '/api/users/index', '/api/users/route', '/api/users/__proto__'],
  ...['/api/users/%E0%A4', '/api/users/%', '/api/users/%zz', '/api/users/%00', '/api/users/%5C'],
  ...[
    '/api/users/%2e%2e',
    '/api/users/.',
    '/api/users/..',
    '/api/users//1',
    '//api/users/1',
    '/api//users',
  ],
  ...['/api/files', '/api/files/', '/api/files/a', '/api/files/a/b/c.txt', '/api/files/a//b'],
  ...['/api/files/a%2Fb/c', '/api/files/%20', '/api/files/a/', '/api/files/..%2f..%2fetc'],
  ...['/api/data.json', '/api/data/json', '/api/_private', '/api/private', '/api/grouped'],
  ...[
    '/api/(group)/grouped',
    '/api/inside',
    '/api/_layout/inside',
    '/api/_layout',
    '/api/-ignored',
  ],
  ...[
    '/api/opt/about',
    '/api/opt/de/about',
    '/api/opt/de/fr/about',
    '/api/opt',
    '/api/opt/about/about',
  ],
  ...[
    '/api/pre1suf',
    '/api/presuf',
    '/api/prsuf',
    '/api/preAsuf/x',
    '/api/PRE1SUF',
    '/api/pre%20suf',
  ],
  ...['/api/imga.png', '/api/img.png', '/api/img/a/b.png', '/api/imga/b.png', '/api/img/a.jpg'],
  ...['/api/gr%C3%B6%C3%9Fe', '/api/gr%c3%b6%c3%9fe', '/api/MixedCase', '/api/mixedcase'],
  ...['/api', '/api/', '/api/nothing', '/apiary', '/api/%65cho', '/api/echo/extra', '/api/page'],
]

const QUERIES = [
  ...['?', '?a', '?a=', '?a=1&a=2', '?a[]=1&a[]=2', '?a=1&b=2&a=3', '?a=%20+', '?%61=1', '?a=%'],
  ...[
    '?a=%FF',
    '?a=b=c',
    '?a=1;b=2',
    "?a='",
    '?a="b"',
    '?a={b}',
    '?a=|',
    '??a=1',
    '?a=/../b',
    '?a=%2F',
  ],
  ...['?q=%C3%BC', '?q=a%00b', '?a&&b', '?=1', '?a=1&=2', '?a=http://x/y?z=1'],
]

const ANSWERS = [
  ...['text', 'json', 'html', 'bytes', 'blob', 'form', 'stream', 'empty', 'blank', 'created'],
  ...[
    'no-content',
    'reset-content',
    'not-modified',
    'teapot',
    'cookies',
    'headers',
    'redirect-static',
  ],
  ...['redirect-to', 'redirect-search', 'redirect-href', 'redirect-301', 'redirect-headers'],
  ...['throw-redirect', 'throw-response', 'throw-error', 'throw-status', 'throw-text'],
  ...['throw-not-found', 'object', 'string', 'nothing', 'null', 'unknown'],
]

const MIDDLEWARE = [
  ...[
    'pass',
    'deny',
    'throw-response',
    'throw-error',
    'context',
    'header',
    'replace',
    'throw-after',
  ],
  ...['return-nothing', 'stuck', 'rescue'],
]

const HELPERS = [
  ...['request', 'header', 'host', 'cookie', 'status', 'status-text', 'status-explicit'],
  ...['response-header', 'response-headers', 'header-wins', 'header-404', 'content-type', 'remove'],
  ...['set-cookie', 'set-cookies', 'set-cookie-twice', 'set-cookie-paths', 'set-cookie-odd'],
  ...['cookie-both', 'delete-cookie', 'cookie-redirect'],
]

const BODIES = [
  ['', {}],
  ['hello', {}],
  ['{"a":[1,2]}', json],
  ['{"a":', json],
  ['"text"', json],
  ['[]', { 'content-type': 'application/json; charset=utf-8' }],
  ['a=1&b=2&a=3', form],
  ['a=%20+&b=%C3%BC', form],
  ['\u00fc\u20ac', { 'content-type': 'text/plain; charset=utf-8' }],
  ['\ufefftext', {}],
  ['x'.repeat(100_000), {}],
  [Buffer.from([0, 1, 254, 255]), { 'content-type': 'application/octet-stream' }],
  [
    '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--\r\n',
    { 'content-type': 'multipart/form-data; boundary=x' },
  ],
]

export const requests = [
  ...PATHS.map((path) => get(path)),
  ...QUERIES.map((query) => get(`/api/echo${query}`)),
  ...['echo', 'any', 'methods', 'users', 'page', '_layout'].flatMap((name) =>
    METHODS.map((method) => send(method, `/api/${name}`, undefined, {})),
  ),
  send('PROPFIND', '/api/any'),
  ...ANSWERS.flatMap((kind) => [
    get(`/api/answers/${kind}`),
    send('HEAD', `/api/answers/${kind}`, undefined),
  ]),
  ...MIDDLEWARE.flatMap((kind) => [
    get(`/api/middleware/${kind}`),
    send('HEAD', `/api/middleware/${kind}`, undefined),
  ]),
  ...HELPERS.map((kind) =>
    get(`/api/helpers/${kind}`, { cookie: 'a=1; b=%20x; a=2', 'x-one': 'one' }),
  ),
  ...BODIES.flatMap(([body, headers]) => [
    send('POST', '/api/echo', body, headers),
    ...['text', 'json', 'bytes', 'size', 'form', 'unread'].map((kind) =>
      send('POST', `/api/body/${kind}`, body, headers),
    ),
    { ...send('POST', '/api/body/text', body, headers), chunked: true },
  ]),
  ...['DELETE', 'PUT', 'PATCH', 'OPTIONS'].map((method) => send(method, '/api/echo', 'body')),
  get('/api/echo', { cookie: 'a=1', accept: '*/*', 'x-many': 'a' }),
  get('/api/echo', { 'x-many': ['a', 'b'], cookie: ['a=1', 'b=2'] }),
  get('/api/page', html),
  get('/api/users/1', html),
  get('/api/nothing', html),
  get('/', html),
]

/** For examples/start-and-express. */
export const exampleRequests = [
  get('/api/notes'),
  get('/api/notes/1'),
  get('/api/notes/9'),
  send('POST', '/api/notes', '{"text":"Second"}', json),
  get('/api/notes/2'),
  send('DELETE', '/api/notes/1'),
  get('/', html),
]
