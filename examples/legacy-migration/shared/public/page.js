// The page: what is listed comes from the feed, also for the one who has made it.
const byId = (id) => document.getElementById(id)

const me = await fetch('/api/auth/me')
if (me.ok) showNotes(await me.json())
else byId('sign-in').hidden = false

async function showNotes({ email }) {
  document.querySelector('main').hidden = false
  byId('user').textContent = email
  const feed = new EventSource('/api/notes/events')
  feed.addEventListener('open', () => (document.body.dataset.feed = 'open'))
  feed.addEventListener('note-created', ({ data }) => addNote(JSON.parse(data)))
  feed.addEventListener('note-removed', ({ data }) => findNote(JSON.parse(data).id)?.remove())
  feed.addEventListener('file-added', ({ data }) => addFile(JSON.parse(data)))

  byId('create').addEventListener('submit', async (event) => {
    event.preventDefault()
    const { title, tags } = Object.fromEntries(new FormData(event.target))
    event.target.reset()
    await send('POST', '/api/notes', { title, tags: tags.split(' ').filter(Boolean) })
  })
  byId('sign-out').addEventListener('click', async () => {
    await send('POST', '/api/auth/sign-out')
    location.reload()
  })

  const notes = await (await fetch('/api/notes?per_page=50')).json()
  for (const note of notes.reverse()) {
    addNote(note)
    const files = await (await fetch(`/api/notes/${note.id}/files`)).json()
    for (const file of files) addFile(file)
  }
}

function addNote({ id, title, tags }) {
  if (findNote(id)) return
  const item = byId('note').content.cloneNode(true).firstElementChild
  item.id = `note-${id}`
  item.querySelector('b').textContent = title
  item.querySelector('i').textContent = tags.join(', ')
  item.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault()
    const body = new FormData(event.target)
    event.target.reset()
    await fetch(`/api/notes/${id}/files`, { method: 'POST', body })
  })
  byId('notes').prepend(item)
}

function addFile({ id, noteId, name, size }) {
  const link = document.createElement('a')
  link.href = `/api/files/${id}`
  link.textContent = `${name} (${size} bytes)`
  const item = document.createElement('li')
  item.append(link)
  findNote(noteId)?.querySelector('ul').append(item)
}

function findNote(id) {
  return byId(`note-${id}`)
}

function send(method, path, value) {
  const headers = { 'Content-Type': 'application/json' }
  return fetch(path, { method, headers, body: value && JSON.stringify(value) })
}
