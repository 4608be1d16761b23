// The whole catalogue of this language.
import chat from './chat'
import codes from './codes'
import contacts from './contacts'
import frame from './frame'
import settings from './settings'

export default { chat, codes, contacts, frame, settings }
