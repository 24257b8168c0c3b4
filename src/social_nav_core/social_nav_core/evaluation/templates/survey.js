// The questionnaire: clips in random order, items, choices, and the answers as CSV.
const data = JSON.parse(document.querySelector("script.data").textContent);
const find = (selector) => document.querySelector(selector);

const shuffled = (values) => {
  const left = [...values], mixed = [];
  while (left.length) mixed.push(left.splice(Math.floor(Math.random() * left.length), 1)[0]);
  return mixed;
};

class Clip {
  constructor(clip, canvas) {
    this.view = new DollHouse(clip.run, canvas);
    this.duration = clip.run.times.at(-1);
    this.view.small = true;
    this.stopped = false;
  }

  play(ended) {
    this.stopped = false;
    this.view.fit();
    this.view.small = true;
    const start = performance.now();
    const step = (now) => {
      if (this.stopped) return;
      const time = Math.min((now - start) / 1000, this.duration);
      this.view.draw(Math.max(time, 0));
      if (time < this.duration) requestAnimationFrame(step); else ended();
    };
    requestAnimationFrame(step);
  }

  stop() { this.stopped = true; }
}

class Survey {
  constructor() {
    const pairs = [...new Set(data.clips.map((clip) => clip.pair))];
    this.order = shuffled(pairs)
      .flatMap((pair) => shuffled(data.clips.filter((clip) => clip.pair === pair)));
    this.answers = [];
    this.position = 0;
    find("button.begin").addEventListener("click", () => this.begin());
    find("button.again").addEventListener("click", () => this.play());
    find("form.items").addEventListener("submit", (event) => {
      event.preventDefault();
      this.rated();
    });
    find("form.items").addEventListener("input", () => this.allowNext());
    for (const button of document.querySelectorAll("button.choose")) {
      button.addEventListener("click", () => this.chosen(button.dataset.choice));
    }
    window.addEventListener("beforeunload", (event) => {
      if (this.answers.length && !this.saved) event.preventDefault();
    });
  }

  show(name) {
    for (const screen of document.querySelectorAll("[data-screen]")) {
      screen.hidden = screen.dataset.screen !== name;
    }
    window.scrollTo(0, 0);
  }

  begin() {
    this.participant = find("input.participant").value.trim()
      || `p${Math.floor(Math.random() * 1e9).toString(36)}`;
    this.showClip();
  }

  showClip() {
    const clip = this.order[this.position];
    const job = clip.task === "approach"
      ? "The robot wants to talk to these people." : "The robot wants to get to the other side.";
    find(".where").textContent = `Clip ${this.position + 1} of ${this.order.length}. ${job}`;
    this.askItems();
    this.show("clip");
    this.watched = false;
    this.clip = new Clip(clip, find("canvas.clip"));
    this.play();
  }

  play() {
    this.clip.stop();
    this.clip = new Clip(this.order[this.position], find("canvas.clip"));
    this.clip.play(() => {
      this.watched = true;
      this.allowNext();
    });
  }

  askItems() {
    const rows = shuffled(data.items).map(({ name, low, high }) => {
      const marks = [1, 2, 3, 4, 5].map((value) =>
        `<input type="radio" name="${name}" value="${value}" aria-label="${value} of 5, from ${low} to ${high}">`);
      return `<fieldset><legend>${low} or ${high}</legend><span class="low">${low}</span>`
        + `<span class="marks">${marks.join("")}</span><span class="high">${high}</span></fieldset>`;
    });
    find(".rows").innerHTML = rows.join("");
    this.allowNext();
  }

  allowNext() {
    const done = document.querySelectorAll(".rows input:checked").length === data.items.length;
    find("button.next").disabled = !(done && this.watched);
  }

  rated() {
    const clip = this.order[this.position];
    for (const { name } of data.items) {
      const value = find(`.rows input[name="${name}"]:checked`).value;
      this.answers.push([this.participant, this.position + 1, clip.pair, clip.name, name, value]);
    }
    this.clip.stop();
    this.position += 1;
    if (this.position % 2 === 0) this.show("choice"); else this.showClip();
  }

  chosen(choice) {
    const two = this.order.slice(this.position - 2, this.position);
    const value = choice === "" ? "none" : two[Number(choice)].name;
    this.answers.push([this.participant, this.position, two[0].pair, "", "preference", value]);
    if (this.position < this.order.length) this.showClip(); else this.end();
  }

  end() {
    const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;
    const head = ["participant", "position", "pair", "clip", "item", "value"];
    const text = [head, ...this.answers].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
    find("textarea.csv").value = text;
    find("a.save").href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    find("a.save").download = `answers_${this.participant.replace(/[^A-Za-z0-9]+/g, "_")}.csv`;
    find("a.save").addEventListener("click", () => { this.saved = true; });
    this.show("end");
  }
}

new Survey();
