const { createHash } = require('node:crypto')
const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')

exports.APIRoute = createAPIFileRoute('/api/photos')({
  async POST({ request }) {
    const form = await request.formData()
    const photo = form.get('photo')
    if (!(photo instanceof File) || !photo.type.startsWith('image/')) {
      return json({ error: 'Send a picture as `photo`.' }, { status: 400 })
    }
    const bytes = Buffer.from(await photo.arrayBuffer())
    const digest = createHash('sha256').update(bytes).digest('hex')
    return json(
      { title: form.get('title'), name: photo.name, size: photo.size, digest },
      { status: 201 },
    )
  },
})
