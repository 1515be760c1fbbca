declare module '*.css';
declare module 'virtual:report.css';
