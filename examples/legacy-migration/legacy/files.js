// Express handlers: files of notes.
const { basename, dirname } = require('node:path')
const multer = require('multer')
const files = require('../shared/files')
const { httpError } = require('../shared/http-error')

const receive = multer({
  storage: multer.diskStorage({
    filename: (req, file, done) => done(null, basename(files.newFilePath())),
    destination: dirname(files.newFilePath()),
  }),
  limits: { fileSize: files.MAX_FILE_SIZE },
}).single('file')

exports.upload = [
  receive,
  async (req, res) => {
    if (!req.file) throw httpError(422, 'File is missing')
    const { originalname: name, mimetype: type, size, path } = req.file
    const file = await files.addFile(req.user, req.params.id, { name, type, size, path })
    res.status(201).location(`/api/files/${file.id}`).json(file)
  },
]

exports.list = async (req, res) => {
  res.json(await files.listFiles(req.user, req.params.id))
}

exports.download = async (req, res, next) => {
  const { path, name, type } = await files.findFile(req.user, req.params.id)
  res.attachment(name).type(type)
  res.sendFile(path, (error) => error && next(error))
}

exports.remove = async (req, res) => {
  await files.removeFile(req.user, req.params.id)
  res.status(204).end()
}
