// What is asked: one request a scenario, and the answer that every contender must give to it.
const MIB = 1024 * 1024

export const scenarios = {
  json: { method: 'GET', path: '/api/hello', answer: '{"hello":"world"}' },
  native: { method: 'GET', path: '/api/native', answer: '{"hello":"world"}' },
  params: {
    method: 'GET',
    path: '/api/users/42?q=a&q=b',
    headers: { 'x-client': 'bench' },
    answer: '{"id":"42","q":["a","b"],"client":"bench"}',
  },
  post: {
    method: 'POST',
    path: '/api/echo',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Tanner', tags: ['a', 'b'], nested: { n: 1 } }),
    answer: JSON.stringify({ name: 'Tanner', tags: ['a', 'b'], nested: { n: 1 } }),
  },
  form: {
    method: 'POST',
    path: '/api/form',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'name=Tanner&tag=a&tag=b&note=two+words',
    answer: '{"name":"Tanner","tags":["a","b"]}',
  },
  download: { method: 'GET', path: '/api/download', answer: 'x'.repeat(MIB), isHeavy: true },
  upload: {
    method: 'POST',
    path: '/api/upload',
    headers: { 'content-type': 'application/octet-stream' },
    body: 'x'.repeat(MIB),
    answer: `{"size":${MIB}}`,
    isHeavy: true,
  },
  routes1: { method: 'GET', path: '/api/r0', answer: '{"route":0}', routes: 1 },
  routes1000: { method: 'GET', path: '/api/r999', answer: '{"route":999}', routes: 1000 },
  nested1000: {
    method: 'GET',
    path: '/api/repos/acme/site/r999',
    answer: '{"route":999}',
    routes: 1000,
    folder: 'repos/:owner/:repo/',
  },
  routes10000: { method: 'GET', path: '/api/r9999', answer: '{"route":9999}', routes: 10000 },
  grown: { method: 'GET', path: '/legacy', answer: '{"legacy":true}', isGrown: true },
  legacy: { method: 'GET', path: '/legacy', answer: '{"legacy":true}', routes: 1000 },
}
