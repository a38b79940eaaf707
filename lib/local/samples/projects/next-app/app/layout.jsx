import "./style.css";

export const metadata = {
  title: "Next.js app",
  description: "A sample project of Rekindle",
  icons: "data:,",
};

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
