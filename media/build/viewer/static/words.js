// The viewer's words in ten languages, chosen by the browser's setting. A row is a key and its words in LANGUAGES' order.

const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru"];

const WORDS = {
  notForDiagnosis: ["Not for primary diagnosis", "Nicht zur Primärbefundung", "Non destiné au diagnostic primaire", "No apto para diagnóstico primario", "Non per diagnosi primaria", "Não destinado a diagnóstico primário", "Niet voor primaire diagnose", "Nie do diagnostyki pierwotnej", "Birincil tanı için değildir", "Не для первичной диагностики"],
  image: ["Image", "Bild", "Image", "Imagen", "Immagine", "Imagem", "Beeld", "Obraz", "Görüntü", "Снимок"],
  position: ["Position", "Position", "Position", "Posición", "Posizione", "Posição", "Positie", "Pozycja", "Konum", "Положение"],
  images: ["images", "Bilder", "images", "imágenes", "immagini", "imagens", "beelden", "obrazów", "görüntü", "снимков"],
  pictureOnly: ["Picture without measured values", "Bild ohne Messwerte", "Image sans valeurs mesurées", "Imagen sin valores medidos", "Immagine senza valori misurati", "Imagem sem valores medidos", "Beeld zonder meetwaarden", "Obraz bez wartości pomiarowych", "Ölçüm değeri olmayan görüntü", "Изображение без измеренных значений"],
  lossy: ["Lossy compressed", "Verlustbehaftet komprimiert", "Compression avec perte", "Compresión con pérdida", "Compressione con perdita", "Compressão com perdas", "Met verlies gecomprimeerd", "Kompresja stratna", "Kayıplı sıkıştırılmış", "Сжато с потерями"],
  noOrientation: ["Orientation not known", "Lage nicht bekannt", "Orientation inconnue", "Orientación desconocida", "Orientamento non noto", "Orientação desconhecida", "Oriëntatie onbekend", "Orientacja nieznana", "Yön bilinmiyor", "Ориентация неизвестна"],
  atDetector: ["at detector", "am Detektor", "au détecteur", "en el detector", "al rivelatore", "no detetor", "bij de detector", "na detektorze", "dedektörde", "на детекторе"],
  calibrated: ["calibrated", "kalibriert", "étalonné", "calibrado", "calibrato", "calibrado", "gekalibreerd", "skalibrowane", "kalibre edilmiş", "калибровано"],
  window: ["Brightness, contrast", "Helligkeit, Kontrast", "Luminosité, contraste", "Brillo, contraste", "Luminosità, contrasto", "Brilho, contraste", "Helderheid, contrast", "Jasność, kontrast", "Parlaklık, kontrast", "Яркость, контраст"],
  stack: ["Browse", "Blättern", "Parcourir", "Recorrer", "Scorri", "Percorrer", "Bladeren", "Przeglądaj", "Gezin", "Листать"],
  pan: ["Move", "Verschieben", "Déplacer", "Mover", "Sposta", "Mover", "Verplaatsen", "Przesuń", "Taşı", "Двигать"],
  zoom: ["Zoom", "Zoom", "Zoom", "Zoom", "Zoom", "Zoom", "Zoom", "Powiększenie", "Yakınlaştır", "Масштаб"],
  length: ["Length", "Länge", "Longueur", "Longitud", "Lunghezza", "Comprimento", "Lengte", "Długość", "Uzunluk", "Длина"],
  angle: ["Angle", "Winkel", "Angle", "Ángulo", "Angolo", "Ângulo", "Hoek", "Kąt", "Açı", "Угол"],
  turn: ["Rotate", "Drehen", "Pivoter", "Girar", "Ruota", "Rodar", "Draaien", "Obróć", "Döndür", "Повернуть"],
  flipH: ["Flip left and right", "Links und rechts spiegeln", "Miroir horizontal", "Voltear horizontalmente", "Rifletti in orizzontale", "Inverter na horizontal", "Horizontaal spiegelen", "Odbij w poziomie", "Yatay çevir", "Отразить по горизонтали"],
  flipV: ["Flip top and bottom", "Oben und unten spiegeln", "Miroir vertical", "Voltear verticalmente", "Rifletti in verticale", "Inverter na vertical", "Verticaal spiegelen", "Odbij w pionie", "Dikey çevir", "Отразить по вертикали"],
  invert: ["Invert", "Invertieren", "Inverser", "Invertir", "Inverti", "Inverter", "Omkeren", "Odwróć kolory", "Tersine çevir", "Инвертировать"],
  cine: ["Play", "Abspielen", "Lecture", "Reproducir", "Riproduci", "Reproduzir", "Afspelen", "Odtwórz", "Oynat", "Воспроизвести"],
  reset: ["Reset", "Zurücksetzen", "Réinitialiser", "Restablecer", "Ripristina", "Repor", "Herstellen", "Resetuj", "Sıfırla", "Сбросить"],
  layout: ["Side by side", "Nebeneinander", "Côte à côte", "Lado a lado", "Affianca", "Lado a lado", "Naast elkaar", "Obok siebie", "Yan yana", "Рядом"],
  print: ["Print", "Drucken", "Imprimer", "Imprimir", "Stampa", "Imprimir", "Afdrukken", "Drukuj", "Yazdır", "Печать"],
  fullScreen: ["Full screen", "Vollbild", "Plein écran", "Pantalla completa", "Schermo intero", "Ecrã inteiro", "Volledig scherm", "Pełny ekran", "Tam ekran", "Во весь экран"],
  list: ["Contents", "Inhalt", "Sommaire", "Contenido", "Contenuto", "Conteúdo", "Inhoud", "Spis treści", "İçindekiler", "Содержание"],
  texts: ["Texts on or off", "Texte ein oder aus", "Afficher ou masquer les textes", "Mostrar u ocultar textos", "Mostra o nascondi testi", "Mostrar ou ocultar textos", "Teksten aan of uit", "Pokaż lub ukryj teksty", "Yazıları göster veya gizle", "Показать или скрыть текст"],
  presets: ["Window", "Fenster", "Fenêtre", "Ventana", "Finestra", "Janela", "Venster", "Okno", "Pencere", "Окно"],
  asSent: ["As sent", "Wie gesendet", "Comme envoyé", "Como se envió", "Come inviata", "Como enviada", "Zoals verzonden", "Jak przesłano", "Gönderildiği gibi", "Как получено"],
  fullRange: ["Full range", "Ganzer Bereich", "Toute la plage", "Rango completo", "Intervallo completo", "Gama completa", "Volledig bereik", "Pełny zakres", "Tüm aralık", "Весь диапазон"],
  abdomen: ["Abdomen", "Abdomen", "Abdomen", "Abdomen", "Addome", "Abdómen", "Abdomen", "Brzuch", "Karın", "Живот"],
  mediastinum: ["Mediastinum", "Mediastinum", "Médiastin", "Mediastino", "Mediastino", "Mediastino", "Mediastinum", "Śródpiersie", "Mediasten", "Средостение"],
  lung: ["Lung", "Lunge", "Poumon", "Pulmón", "Polmone", "Pulmão", "Long", "Płuco", "Akciğer", "Лёгкое"],
  bone: ["Bone", "Knochen", "Os", "Hueso", "Osso", "Osso", "Bot", "Kość", "Kemik", "Кость"],
  brain: ["Brain", "Gehirn", "Cerveau", "Cerebro", "Cervello", "Cérebro", "Hersenen", "Mózg", "Beyin", "Мозг"],
  together: ["Scroll series together", "Serien gemeinsam blättern", "Défiler les séries ensemble", "Recorrer series a la vez", "Scorri le serie insieme", "Percorrer séries em conjunto", "Series samen bladeren", "Przewijaj serie razem", "Serileri birlikte kaydır", "Листать серии вместе"],
  overlays: ["Overlays on or off", "Überlagerungen ein oder aus", "Afficher ou masquer les superpositions", "Mostrar u ocultar superposiciones", "Mostra o nascondi sovrapposizioni", "Mostrar ou ocultar sobreposições", "Overlays aan of uit", "Pokaż lub ukryj nakładki", "Katmanları göster veya gizle", "Показать или скрыть наложения"],
  notAllDrawn: ["Not all of this presentation state is drawn", "Nicht alles aus diesem Darstellungszustand ist gezeichnet", "Cet état de présentation n'est pas entièrement dessiné", "No se dibuja todo este estado de presentación", "Non tutto lo stato di presentazione è disegnato", "Nem todo este estado de apresentação é desenhado", "Niet alles van deze presentatiestatus is getekend", "Nie wszystko z tego stanu prezentacji jest narysowane", "Bu sunum durumunun tümü çizilmedi", "Это состояние представления нарисовано не полностью"],
  notOnDisc: ["The images that this is for are not on this disc", "Die Bilder, für die dies gilt, sind nicht auf dieser Disc", "Les images concernées ne sont pas sur ce disque", "Las imágenes a las que se refiere no están en este disco", "Le immagini a cui si riferisce non sono su questo disco", "As imagens a que se refere não estão neste disco", "De beelden waarvoor dit geldt staan niet op deze schijf", "Obrazów, których to dotyczy, nie ma na tej płycie", "Bunun ait olduğu görüntüler bu diskte değil", "Снимков, к которым это относится, нет на этом диске"],
  report: ["Report", "Bericht", "Compte rendu", "Informe", "Referto", "Relatório", "Verslag", "Raport", "Rapor", "Отчёт"],
  cannotShow: ["Cannot be shown here", "Kann hier nicht gezeigt werden", "Ne peut pas être affiché ici", "No se puede mostrar aquí", "Non può essere mostrato qui", "Não pode ser mostrado aqui", "Kan hier niet getoond worden", "Nie można tu wyświetlić", "Burada gösterilemiyor", "Здесь нельзя показать"],
  notRead: ["The images could not be read from the disc", "Die Bilder konnten nicht von der Disc gelesen werden", "Les images n'ont pas pu être lues sur le disque", "No se pudieron leer las imágenes del disco", "Impossibile leggere le immagini dal disco", "Não foi possível ler as imagens do disco", "De beelden konden niet van de schijf worden gelezen", "Nie udało się odczytać obrazów z płyty", "Görüntüler diskten okunamadı", "Не удалось прочитать снимки с диска"],
  checkDisc: ["Check the disc", "Disc prüfen", "Vérifier le disque", "Comprobar el disco", "Controlla il disco", "Verificar o disco", "Schijf controleren", "Sprawdź płytę", "Diski denetle", "Проверить диск"],
  checkHow: ["Choose the disc itself, or the folder it was copied to. Nothing leaves this computer.", "Wählen Sie die Disc selbst oder den Ordner, in den sie kopiert wurde. Nichts verlässt diesen Computer.", "Choisissez le disque lui-même ou le dossier où il a été copié. Rien ne quitte cet ordinateur.", "Elija el propio disco o la carpeta donde se copió. Nada sale de este ordenador.", "Scegliere il disco stesso o la cartella in cui è stato copiato. Nulla lascia questo computer.", "Escolha o próprio disco ou a pasta para onde foi copiado. Nada sai deste computador.", "Kies de schijf zelf of de map waarin die is gekopieerd. Niets verlaat deze computer.", "Wybierz samą płytę lub folder, do którego ją skopiowano. Nic nie opuszcza tego komputera.", "Diskin kendisini veya kopyalandığı klasörü seçin. Hiçbir şey bu bilgisayardan çıkmaz.", "Выберите сам диск или папку, куда он скопирован. Ничто не покидает этот компьютер."],
  complete: ["Complete: every file is as it was made", "Vollständig: jede Datei ist, wie sie gemacht wurde", "Complet : chaque fichier est tel qu'il a été créé", "Completo: cada archivo está como se creó", "Completo: ogni file è come è stato creato", "Completo: cada ficheiro está como foi criado", "Volledig: elk bestand is zoals het gemaakt is", "Kompletna: każdy plik jest taki, jak utworzono", "Tam: her dosya yapıldığı gibi", "Полный: каждый файл такой, каким был создан"],
  damaged: ["Damaged", "Beschädigt", "Endommagé", "Dañado", "Danneggiato", "Danificado", "Beschadigd", "Uszkodzona", "Hasarlı", "Повреждён"],
  differentFiles: ["Files that differ or cannot be read", "Dateien, die abweichen oder nicht lesbar sind", "Fichiers différents ou illisibles", "Archivos distintos o ilegibles", "File diversi o illeggibili", "Ficheiros diferentes ou ilegíveis", "Bestanden die afwijken of onleesbaar zijn", "Pliki różniące się lub nieczytelne", "Farklı veya okunamayan dosyalar", "Файлы, которые отличаются или не читаются"],
  missingFiles: ["Files that are missing", "Dateien, die fehlen", "Fichiers manquants", "Archivos que faltan", "File mancanti", "Ficheiros em falta", "Bestanden die ontbreken", "Brakujące pliki", "Eksik dosyalar", "Отсутствующие файлы"],
  unexpectedFiles: ["Files that the disc does not know", "Dateien, die die Disc nicht kennt", "Fichiers inconnus du disque", "Archivos que el disco no conoce", "File sconosciuti al disco", "Ficheiros que o disco não conhece", "Bestanden die de schijf niet kent", "Pliki nieznane płycie", "Diskin tanımadığı dosyalar", "Файлы, которых диск не знает"],
  noChecksums: ["CHECKSUM.TXT is not among the files; choose the disc's own folder", "CHECKSUM.TXT ist nicht dabei; wählen Sie den Ordner der Disc selbst", "CHECKSUM.TXT est absent ; choisissez le dossier du disque", "Falta CHECKSUM.TXT; elija la carpeta del propio disco", "Manca CHECKSUM.TXT; scegliere la cartella del disco", "Falta CHECKSUM.TXT; escolha a pasta do próprio disco", "CHECKSUM.TXT ontbreekt; kies de map van de schijf zelf", "Brak CHECKSUM.TXT; wybierz folder samej płyty", "CHECKSUM.TXT yok; diskin kendi klasörünü seçin", "Нет CHECKSUM.TXT; выберите папку самого диска"],
};

const language = (navigator.languages || [navigator.language || "en"]).map(function (name) {
  return name.slice(0, 2).toLowerCase();
}).filter(function (name) { return LANGUAGES.indexOf(name) >= 0; })[0] || "en";

const locale = (navigator.languages || [navigator.language || "en"]).filter(function (name) {
  return name.slice(0, 2).toLowerCase() === language; // for dates: en-GB is not en-US
})[0] || language;

function word(key) { return WORDS[key] ? WORDS[key][LANGUAGES.indexOf(language)] : key; }
