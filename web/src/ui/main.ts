// Starts the page.
import { createModel } from '../model'
import { startPage } from './start'

void startPage(createModel({}))
