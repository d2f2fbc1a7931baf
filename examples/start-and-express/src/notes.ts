// Where the notes are kept, for both servers: a database elsewhere.
export interface Note {
  readonly id: string
  readonly text: string
}

const notes: Note[] = [{ id: '1', text: 'Move one path at a time' }]

export function listNotes(): readonly Note[] {
  return notes
}

export function addNote(text: string): Note {
  const note = { id: String(notes.length + 1), text }
  notes.push(note)
  return note
}
