import { createFileRoute } from '@tanstack/react-router'

const kinds: Record<string, (request: Request) => Promise<unknown>> = {
  text: (request) => request.text(),
  json: (request) => request.json(),
  bytes: async (request) => [...new Uint8Array(await request.arrayBuffer())].slice(0, 64),
  size: async (request) => (await request.arrayBuffer()).byteLength,
  form: async (request) => {
    const form = await request.formData()
    return [...form].map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [value.name, value.type, value.size],
    ])
  },
  unread: () => Promise.resolve('unread'),
}

export const Route = createFileRoute('/api/body/$kind')({
  server: {
    handlers: {
      POST: async ({ params, request }) => Response.json(await kinds[params.kind]!(request)),
    },
  },
})
