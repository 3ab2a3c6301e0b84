
"use strict";
(() => {
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");
  const rows = Array.from(body.rows);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const heads = Array.from(table.tHead.rows[0].cells);
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => texts.get(row).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
  };
  const order = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const isNumber = head.dataset.kind === "number";
    const sign = down ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [a.cells[column].textContent, b.cells[column].textContent];
      // what is empty stands last either way
      if (x === "" || y === "") return (x === "") - (y === "");
      return sign * (isNumber ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0);
    };
    rows.sort(compare);
    body.append(...rows);
  };
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => order(head, column)));
  filter.addEventListener("input", show);
  show();
})();
