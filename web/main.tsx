/** The pages' entry. */
import 'virtual:report.css';
import './style/shell.css';
import './style/controls.css';
import './style/scan.css';
import './style/clip.css';
import './style/work.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme, storedTheme } from './parts/theme.ts';

// Before the first paint, so that a chosen palette does not flash.
applyTheme(storedTheme());
createRoot(document.getElementById('app')!).render(<App />);
