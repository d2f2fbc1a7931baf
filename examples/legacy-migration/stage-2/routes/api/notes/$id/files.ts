import { writeFile } from 'node:fs/promises'
import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { MAX_FILE_SIZE, addFile, listFiles, newFilePath } from '../../../../../shared/files.js'
import { httpError } from '../../../../../shared/http-error.js'

export const APIRoute = createAPIFileRoute('/api/notes/$id/files')({
  GET: async ({ params, context }) => json(await listFiles(context.user, params.id)),
  POST: async ({ request, params, context }) => {
    const upload = (await request.formData()).get('file')
    if (!(upload instanceof File)) throw httpError(422, 'File is missing')
    const { name, type, size } = upload
    if (size > MAX_FILE_SIZE) throw httpError(413, 'File too large')
    const path = newFilePath()
    await writeFile(path, Buffer.from(await upload.arrayBuffer()))
    const file = await addFile(context.user, params.id, { name, type, size, path })
    return json(file, { status: 201, headers: { location: `/api/files/${file.id}` } })
  },
})
